"""pictures and films that a classifier refused, beside prompts"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("refusals") as refusals:
        refusals.add_column(
            sa.Column("kind", sa.String(16), nullable=False, server_default="prompt")
        )
        refusals.add_column(sa.Column("picture_id", sa.String(40)))
    with op.batch_alter_table("refusals") as refusals:
        refusals.alter_column("kind", server_default=None)
        refusals.create_check_constraint("refusal_kind", "kind IN ('prompt', 'picture', 'film')")


def downgrade() -> None:
    with op.batch_alter_table("refusals") as refusals:
        refusals.drop_constraint("refusal_kind", type_="check")
        refusals.drop_column("picture_id")
        refusals.drop_column("kind")
