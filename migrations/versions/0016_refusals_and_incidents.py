"""the decision log of moderation; incidents"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("tester_id", sa.String(32), nullable=False),
        sa.Column("rule_id", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("rules_sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("plea", sa.String(1000), nullable=False),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.Column("decided_by", sa.String(32)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("appealed_at", sa.BigInteger()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.CheckConstraint(
            "state IN ('refused', 'appealed', 'upheld', 'allowed')", name="refusal_state"
        ),
    )
    op.create_index("ix_refusals_text", "refusals", ["tester_id", "text_sha256"])
    op.create_index("ix_refusals_state", "refusals", ["state", "created_at"])
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("words", sa.String(4000), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
    )


def downgrade() -> None:
    op.drop_table("incidents")
    op.drop_table("refusals")
