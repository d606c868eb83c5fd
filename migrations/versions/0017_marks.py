"""the numbers of invisible marks, and the jobs they name"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.String(32), nullable=False),
        sa.Column("admission_id", sa.String(32), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("z", sa.Float()),
        sa.Column("fingerprint", sa.String(80)),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_marks")),
        sa.UniqueConstraint("job_id", name=op.f("uq_marks_job_id")),
    )
    op.create_index(op.f("ix_marks_owner_id"), "marks", ["owner_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before: what is new would be lost.")
