"""when a webhook was changed last"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_endpoints", sa.Column("updated_at", sa.BigInteger()))


def downgrade() -> None:
    with op.batch_alter_table("webhook_endpoints") as endpoints:
        endpoints.drop_column("updated_at")
