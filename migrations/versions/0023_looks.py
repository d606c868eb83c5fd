"""what testers' names look like, to be found by"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# As auth/names.py had it when this was written: a migration does not change with the house.
LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁһԛԝɡɩονυιαρτκтмнвкг",
    "aeopcyxijsdhqwgiovuiaptk" + "tmhbkr",
)
TESTERS = sa.table("testers", sa.column("id", sa.String), sa.column("name", sa.String))
LOOKS = sa.table("testers", sa.column("id", sa.String), sa.column("look", sa.Text))


def upgrade() -> None:
    op.add_column("testers", sa.Column("look", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    for tester_id, name in connection.execute(sa.select(TESTERS.c.id, TESTERS.c.name)).all():
        connection.execute(sa.update(LOOKS).where(LOOKS.c.id == tester_id).values(look=look(name)))
    op.create_index(op.f("ix_testers_look"), "testers", ["look"])


def downgrade() -> None:
    op.drop_index(op.f("ix_testers_look"), "testers")
    with op.batch_alter_table("testers") as testers:
        testers.drop_column("look")


def look(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return folded.translate(LOOK_ALIKES).replace(" ", "")
