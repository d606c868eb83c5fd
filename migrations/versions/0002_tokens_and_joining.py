"""tokens with scopes, cohorts, invites, the waitlist, accepted terms"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What a sign-in token of before could do, whatever its holder's role allowed.
EVERYTHING = "admin generate read"


def upgrade() -> None:
    add_cohorts()
    add_to_tokens()
    add_joining()


def add_cohorts() -> None:
    op.create_table(
        "cohorts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("rate_per_minute", sa.Integer()),
        sa.Column("concurrent", sa.Integer()),
        sa.Column("clips_per_day", sa.Integer()),
        sa.Column("gpu_ms_per_day", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohorts")),
        sa.UniqueConstraint("name", name=op.f("uq_cohorts_name")),
    )
    with op.batch_alter_table("testers") as testers:
        testers.add_column(sa.Column("email", sa.String(254)))
        testers.add_column(sa.Column("cohort_id", sa.String(32)))
        testers.create_unique_constraint(op.f("uq_testers_email"), ["email"])
        testers.create_foreign_key(
            op.f("fk_testers_cohort_id_cohorts"), "cohorts", ["cohort_id"], ["id"]
        )
        testers.create_index(op.f("ix_testers_cohort_id"), ["cohort_id"])


def add_to_tokens() -> None:
    with op.batch_alter_table("tokens") as tokens:
        tokens.drop_constraint("token_kind", type_="check")
        tokens.create_check_constraint("token_kind", "kind IN ('access', 'link', 'api', 'worker')")
        tokens.add_column(
            sa.Column("scopes", sa.String(80), nullable=False, server_default=EVERYTHING)
        )
        tokens.add_column(sa.Column("jkt", sa.String(43)))
        tokens.add_column(
            sa.Column("bearer_granted", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        tokens.add_column(sa.Column("replaced_by", sa.String(16)))
    with op.batch_alter_table("tokens") as tokens:
        tokens.alter_column("scopes", server_default=None)
        tokens.alter_column("bearer_granted", server_default=None)


def add_joining() -> None:
    op.create_table(
        "invites",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("pepper_version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80)),
        sa.Column("email", sa.String(254)),
        sa.Column("cohort_id", sa.String(32)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("used_at", sa.BigInteger()),
        sa.Column("tester_id", sa.String(32)),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name=op.f("fk_invites_cohort_id_cohorts")
        ),
        sa.ForeignKeyConstraint(
            ["tester_id"], ["testers.id"], name=op.f("fk_invites_tester_id_testers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
    )
    op.create_index(op.f("ix_invites_name"), "invites", ["name"])
    op.create_index(op.f("ix_invites_email"), "invites", ["email"])
    op.create_table(
        "waitlist",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("about", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("invited_at", sa.BigInteger()),
        sa.Column("invite_id", sa.String(16)),
        sa.ForeignKeyConstraint(
            ["invite_id"], ["invites.id"], name=op.f("fk_waitlist_invite_id_invites")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist")),
        sa.UniqueConstraint("email", name=op.f("uq_waitlist_email")),
    )
    op.create_table(
        "terms_acceptances",
        sa.Column("tester_id", sa.String(32), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name="terms_sha256"),
        sa.ForeignKeyConstraint(
            ["tester_id"], ["testers.id"], name=op.f("fk_terms_acceptances_tester_id_testers")
        ),
        sa.PrimaryKeyConstraint("tester_id", "version", name=op.f("pk_terms_acceptances")),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore the backup made before: what is new would be lost.")
