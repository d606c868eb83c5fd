"""limits and the switch of tokens, cohorts and everybody; budgets in total"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("testers", "cohorts"):
        op.add_column(table, sa.Column("rate_per_day", sa.Integer()))
        op.add_column(table, sa.Column("gpu_ms_total", sa.BigInteger()))
    add_subjects()
    move_meters()
    move_budgets()
    extend_reservations()


def add_subjects() -> None:
    op.create_table(
        "subjects",
        sa.Column("key", sa.String(48), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger()),
        sa.Column("stop_message", sa.String(400)),
        sa.Column("rate_per_minute", sa.Integer()),
        sa.Column("rate_per_day", sa.Integer()),
        sa.Column("concurrent", sa.Integer()),
        sa.Column("clips_per_day", sa.Integer()),
        sa.Column("gpu_ms_per_day", sa.BigInteger()),
        sa.Column("gpu_ms_total", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_subjects")),
    )


def move_meters() -> None:
    """What a tester holds is counted from the reservations now."""
    old = op.get_bind().execute(sa.text("SELECT tester_id, arrival_ms FROM meters")).all()
    op.drop_table("meters")
    meters = op.create_table(
        "meters",
        sa.Column("subject", sa.String(48), nullable=False),
        sa.Column("minute_ms", sa.BigInteger(), nullable=False),
        sa.Column("day_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_meters")),
    )
    rows = [
        {"subject": f"tester:{tester_id}", "minute_ms": arrival_ms, "day_ms": 0}
        for tester_id, arrival_ms in old
    ]
    if rows:
        op.bulk_insert(meters, rows)


def move_budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("subject", sa.String(48), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("clips", sa.Integer(), nullable=False),
        sa.Column("held_gpu_ms", sa.BigInteger(), nullable=False),
        sa.Column("spent_gpu_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "day", name=op.f("pk_budgets")),
    )
    op.execute(
        "INSERT INTO budgets (subject, day, clips, held_gpu_ms, spent_gpu_ms) "
        "SELECT 'tester:' || tester_id, day, clips, held_gpu_ms, spent_gpu_ms FROM day_budgets"
    )
    op.drop_table("day_budgets")


def extend_reservations() -> None:
    op.add_column("reservations", sa.Column("cohort_id", sa.String(32)))
    with op.batch_alter_table("reservations") as reservations:
        reservations.add_column(
            sa.Column("charged", sa.String(480), nullable=False, server_default="")
        )
    op.execute("UPDATE reservations SET charged = 'tester:' || tester_id || '/' || day")
    with op.batch_alter_table("reservations") as reservations:
        reservations.alter_column("charged", server_default=None)
        reservations.create_index("ix_reservations_state_token", ["state", "token_id"])
        reservations.create_index("ix_reservations_state_cohort", ["state", "cohort_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before: what is new would be lost.")
