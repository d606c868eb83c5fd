"""what a touch opens, for a tester or a cohort"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("testers", "cohorts"):
        op.add_column(table, sa.Column("touch_clips", sa.Integer()))
        op.add_column(table, sa.Column("touch_hours", sa.Integer()))


def downgrade() -> None:
    for table in ("testers", "cohorts"):
        with op.batch_alter_table(table) as changed:
            changed.drop_column("touch_hours")
            changed.drop_column("touch_clips")
