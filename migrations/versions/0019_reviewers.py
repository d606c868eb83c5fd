"""who decides on others' clips besides the admins"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("testers", sa.Column("reviewer_since", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("testers", "reviewer_since")
