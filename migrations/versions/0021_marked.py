"""which films carry the visible mark, by policy"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("policies") as policies:
        policies.add_column(
            sa.Column("marked", sa.String(16), nullable=False, server_default="others")
        )
    with op.batch_alter_table("policies") as policies:
        policies.alter_column("marked", server_default=None)
        policies.create_check_constraint("policy_marked", "marked IN ('none', 'others', 'all')")


def downgrade() -> None:
    with op.batch_alter_table("policies") as policies:
        policies.drop_constraint("policy_marked", type_="check")
        policies.drop_column("marked")
