"""workers that come and go, and whose turn it is"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FIRST = "1000"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("kind", sa.String(80)))
        # What waits already is drawn first, in the order it came.
        jobs.add_column(sa.Column("line", sa.BigInteger(), nullable=False, server_default=FIRST))
        jobs.add_column(
            sa.Column("priority", sa.String(16), nullable=False, server_default="tester")
        )
    op.create_index("ix_jobs_line", "jobs", ["state", "line", "id"])
    turns = op.create_table(
        "turns",
        sa.Column("flow", sa.String(64), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("flow", name=op.f("pk_turns")),
    )
    op.bulk_insert(turns, [{"flow": "now", "line": int(FIRST)}])
    op.create_table(
        "presences",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("executor_id", sa.String(64), nullable=False),
        sa.Column("host", sa.String(120), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_presences")),
    )


def downgrade() -> None:
    op.drop_table("presences")
    op.drop_table("turns")
    op.drop_index("ix_jobs_line", "jobs")
    with op.batch_alter_table("jobs") as jobs:
        for name in ("priority", "line", "kind"):
            jobs.drop_column(name)
