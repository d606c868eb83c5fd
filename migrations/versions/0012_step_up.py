"""passkeys, what they are asked and what their touch opens; who is asked"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("testers", "cohorts"):
        op.add_column(table, sa.Column("step_up", sa.Boolean()))
    op.add_column("sign_ins", sa.Column("fresh_until", sa.BigInteger()))
    add_passkeys()
    add_challenges()
    add_touches()


def add_passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tester_id", sa.String(32), nullable=False),
        sa.Column("credential_id", sa.String(1364), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.Column("removed_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["tester_id"], ["testers.id"], name=op.f("fk_passkeys_tester_id_testers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_tester_id"), "passkeys", ["tester_id"])


def add_challenges() -> None:
    op.create_table(
        "challenges",
        sa.Column("id", sa.String(43), nullable=False),
        sa.Column("tester_id", sa.String(32), nullable=False),
        sa.Column("sign_in_id", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tester_id"], ["testers.id"], name=op.f("fk_challenges_tester_id_testers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenges")),
    )
    op.create_index(op.f("ix_challenges_tester_id"), "challenges", ["tester_id"])
    op.create_index(op.f("ix_challenges_until_ms"), "challenges", ["until_ms"])


def add_touches() -> None:
    op.create_table(
        "touches",
        sa.Column("tester_id", sa.String(32), nullable=False),
        sa.Column("passkey_id", sa.String(32), nullable=False),
        sa.Column("sign_in_id", sa.String(64), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("clips_left", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tester_id"], ["testers.id"], name=op.f("fk_touches_tester_id_testers")
        ),
        sa.ForeignKeyConstraint(
            ["passkey_id"], ["passkeys.id"], name=op.f("fk_touches_passkey_id_passkeys")
        ),
        sa.PrimaryKeyConstraint("tester_id", name=op.f("pk_touches")),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before: what is new would be lost.")
