"""reviews of clips, links to them, the gallery"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("clip_id", sa.String(32), primary_key=True),
        sa.Column("round", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("owner_id", sa.String(32), nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("plea", sa.String(1000), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.Column("reviewer_id", sa.String(32)),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.CheckConstraint("round IN (1, 2)", name="review_round"),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'rejected', 'withdrawn')", name="review_state"
        ),
    )
    op.create_index("ix_reviews_state", "reviews", ["state", "submitted_at"])
    op.create_table(
        "shares",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("clip_id", sa.String(32), nullable=False, index=True),
        sa.Column("secret", sa.String(32), nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        *shown(),
    )
    op.create_table(
        "publications",
        sa.Column("clip_id", sa.String(32), primary_key=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("prompt_shown", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        *shown(),
    )
    op.create_index("ix_publications_ended", "publications", ["ended_at", "published_at"])


def shown() -> list[sa.Column[object]]:
    return [
        sa.Column("owner_id", sa.String(32), nullable=False, index=True),
        sa.Column("credit", sa.String(80), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_by", sa.String(16)),
        sa.Column("reason", sa.String(32)),
        sa.Column("words", sa.String(1000), nullable=False),
    ]


def downgrade() -> None:
    for table in ("publications", "shares", "reviews"):
        op.drop_table(table)
