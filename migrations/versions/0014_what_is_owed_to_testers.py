"""the policy and consents, feedback, and the ledger"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_agreements()
    make_feedback()
    make_ledger()


def make_agreements() -> None:
    op.create_table(
        "policies",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sharing", sa.String(16), nullable=False),
        sa.Column("review_hours", sa.Integer(), nullable=False),
        sa.Column("keep_days", sa.Integer()),
        sa.Column("prompts", sa.String(16), nullable=False),
        sa.Column("open_numbers", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("sharing IN ('free', 'review', 'private')", name="policy_sharing"),
        sa.CheckConstraint("prompts IN ('artist', 'reviewers', 'admins')", name="policy_prompts"),
    )
    op.create_table(
        "policy_acceptances",
        tester(primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "consents",
        tester(primary_key=True),
        sa.Column("purpose", sa.String(16), primary_key=True),
        sa.Column("clip_id", sa.String(32), primary_key=True),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("purpose IN ('training', 'publicity', 'analytics')", name="consent_use"),
    )


def make_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(32), primary_key=True),
        tester(index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("clip_id", sa.String(32)),
        sa.Column("rating", sa.Integer()),
        sa.Column("words", sa.String(4000), nullable=False),
        sa.Column("settings", sa.JSON()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("answer", sa.String(1000), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('rating', 'bug', 'harm', 'note')", name="feedback_kind"),
        sa.CheckConstraint(
            "state IN ('new', 'accepted', 'fixed', 'declined')", name="feedback_state"
        ),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="feedback_rating"),
    )
    op.create_index("ix_feedback_state", "feedback", ["state", "created_at"])


def make_ledger() -> None:
    op.create_table(
        "rates",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("set_at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name="rate_amount"),
    )
    op.create_table(
        "credits",
        sa.Column("id", sa.String(32), primary_key=True),
        tester(),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about", sa.String(80), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("minutes", sa.Integer()),
        sa.Column("measured", sa.Boolean(), nullable=False),
        sa.Column("words", sa.String(400), nullable=False),
        sa.Column("rate_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("dispute", sa.String(400), nullable=False),
        sa.Column("paid_ref", sa.String(120), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('hours', 'report', 'fix', 'review')", name="credit_kind"),
        sa.CheckConstraint("state IN ('owed', 'paid', 'disputed', 'void')", name="credit_state"),
    )
    op.create_index("uq_credits_kind_about", "credits", ["kind", "about"], unique=True)
    op.create_index("ix_credits_tester_state", "credits", ["tester_id", "state"])


def tester(**options: bool) -> sa.Column[str]:
    return sa.Column(
        "tester_id", sa.String(32), sa.ForeignKey("testers.id"), nullable=False, **options
    )


def downgrade() -> None:
    for table in ("credits", "rates", "feedback", "consents", "policy_acceptances", "policies"):
        op.drop_table(table)
