"""films that turned up, and whose mark was read in them"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tracings",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("number", sa.BigInteger()),
        sa.Column("z", sa.Float()),
        sa.Column("like_z", sa.Float()),
        sa.Column("compared", sa.BigInteger()),
        sa.Column("other_keys", sa.BigInteger()),
        sa.Column("hints", sa.JSON()),
        sa.Column("problem", sa.String(400)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracings")),
    )
    op.create_index(op.f("ix_tracings_asked_at"), "tracings", ["asked_at"])


def downgrade() -> None:
    op.drop_table("tracings")
