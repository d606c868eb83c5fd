"""the audit log, which can only grow"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GROWING = {"audit_entries": "seq", "audit_checkpoints": "signature"}


def upgrade() -> None:
    head = make_tables()
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64, "checkpoint_seq": 0}])
    if op.get_bind().dialect.name == "sqlite":
        forbid_on_sqlite()
    else:
        forbid_on_postgres()


def make_tables() -> sa.Table:
    """Returns `audit_head`."""
    op.create_table(
        "audit_entries",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entries")),
    )
    for column in ("actor", "subject", "action"):
        op.create_index(f"ix_audit_entries_{column}_seq", "audit_entries", [column, "seq"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("checkpoint_seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="audit_head_only_one"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("signature", sa.String(length=86), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.String(length=43), nullable=False),
        sa.PrimaryKeyConstraint("signature", name=op.f("pk_audit_checkpoints")),
    )
    op.create_index(op.f("ix_audit_checkpoints_seq"), "audit_checkpoints", ["seq"])
    return head


def forbid_on_sqlite() -> None:
    abort = "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
    for table, key in GROWING.items():
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {abort}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {abort}")
        # INSERT OR REPLACE deletes without asking the trigger for deletes.
        taken = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608  (our own names)
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {taken} {abort}"
        )
    back = "NEW.seq < OLD.seq OR NEW.checkpoint_seq < OLD.checkpoint_seq"
    op.execute(f"CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head WHEN {back} {abort}")
    op.execute(f"CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head {abort}")
    op.execute(f"CREATE TRIGGER audit_head_no_second BEFORE INSERT ON audit_head {abort}")


def forbid_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$"
    )
    call = "EXECUTE FUNCTION audit_only_grows()"
    for table in GROWING:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW {call}"
        )
    for table in (*GROWING, "audit_head"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT {call}"
        )
    back = "NEW.seq < OLD.seq OR NEW.checkpoint_seq < OLD.checkpoint_seq"
    op.execute(
        "CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head "
        f"FOR EACH ROW WHEN ({back}) {call}"
    )
    op.execute(
        f"CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head FOR EACH ROW {call}"
    )


def downgrade() -> None:
    for table in ("audit_checkpoints", "audit_head", "audit_entries"):
        op.drop_table(table)  # its triggers and indexes go with it
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_only_grows()")
