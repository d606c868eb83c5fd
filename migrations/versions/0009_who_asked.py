"""which request asked for a job, and when somebody asked that it stop"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("request_id", sa.String(40)))
    op.add_column("jobs", sa.Column("traceparent", sa.String(55)))
    op.add_column("jobs", sa.Column("stop_requested_at", sa.BigInteger()))


def downgrade() -> None:
    for name in ("stop_requested_at", "traceparent", "request_id"):
        op.drop_column("jobs", name)
