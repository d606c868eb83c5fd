"""how likely a traced number fits by chance, all looks at the film counted"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tracings") as tracings:
        tracings.add_column(sa.Column("chance", sa.Float()))


def downgrade() -> None:
    with op.batch_alter_table("tracings") as tracings:
        tracings.drop_column("chance")
