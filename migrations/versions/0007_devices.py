"""devices, and what each of their proofs is worth once"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tester_id", sa.String(32), nullable=False),
        sa.Column("jkt", sa.String(43), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["tester_id"], ["testers.id"], name=op.f("fk_devices_tester_id_testers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("jkt", name=op.f("uq_devices_jkt")),
    )
    op.create_index(op.f("ix_devices_tester_id"), "devices", ["tester_id"])
    op.create_table(
        "spent_proofs",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spent_proofs")),
    )
    op.create_index(op.f("ix_spent_proofs_until_ms"), "spent_proofs", ["until_ms"])
    op.add_column("tokens", sa.Column("parent_id", sa.String(16)))
    bind_sign_ins()


def bind_sign_ins() -> None:
    """Those of before belong to no device: everybody signs in once more."""
    op.execute("DELETE FROM sign_ins")
    with op.batch_alter_table("sign_ins") as sign_ins:
        sign_ins.add_column(sa.Column("device_id", sa.String(32), nullable=False))
        sign_ins.create_foreign_key(
            op.f("fk_sign_ins_device_id_devices"), "devices", ["device_id"], ["id"]
        )
        sign_ins.create_index(op.f("ix_sign_ins_device_id"), ["device_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before: what is new would be lost.")
