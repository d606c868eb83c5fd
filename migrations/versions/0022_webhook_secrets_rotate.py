"""webhook secrets rotate with an overlap"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_endpoints", sa.Column("previous_secret", sa.Text()))
    op.add_column("webhook_endpoints", sa.Column("previous_until", sa.BigInteger()))


def downgrade() -> None:
    with op.batch_alter_table("webhook_endpoints") as endpoints:
        endpoints.drop_column("previous_until")
        endpoints.drop_column("previous_secret")
