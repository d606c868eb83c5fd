"""jobs of one wish"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("variation_of", sa.String(32)))
    op.create_index("ix_jobs_variation_of", "jobs", ["variation_of"])


def downgrade() -> None:
    op.drop_index("ix_jobs_variation_of", "jobs")
    op.drop_column("jobs", "variation_of")
