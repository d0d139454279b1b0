"""The shop's own names for customers, what they are found by, tags that stand on them, and colours."""

import sqlalchemy as sa
from alembic import op

from daemon.domain.contact_names import normal

revision = "0017"
down_revision = "0016"

_AT_A_TIME = 500
_contact = sa.table(
    "contact",
    sa.column("id", sa.Integer()),
    sa.column("name", sa.LargeBinary()),
    sa.column("listed_name", sa.String()),
)


def upgrade() -> None:
    op.add_column("contact", sa.Column("shop_name", sa.String(80), nullable=True))
    op.add_column("contact", sa.Column("listed_name", sa.String(400), nullable=True))
    op.create_index("ix_contact_listed", "contact", ["account_id", "kind", "listed_name", "id"])
    op.add_column("tag", sa.Column("colour", sa.String(12), nullable=False, server_default="grey"))
    op.add_column(
        "tag", sa.Column("is_kept", sa.Boolean(name="is_kept"), nullable=False, server_default=sa.text("'0'"))
    )
    op.create_table(
        "contact_tag",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_tag_contact_id_contact")),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_contact_tag_tag_id_tag")),
        sa.PrimaryKeyConstraint("contact_id", "tag_id", name=op.f("pk_contact_tag")),
    )
    op.create_index(op.f("ix_contact_tag_tag_id"), "contact_tag", ["tag_id"])
    _list_them()


def _list_them() -> None:
    """Fill in what customers are found by, a few rows at a time."""
    conn, last = op.get_bind(), 0
    # an older version may have kept bytes that are no text
    name = sa.cast(_contact.c.name, sa.LargeBinary())
    while True:
        rows = conn.execute(
            sa.select(_contact.c.id, name.label("name"))
            .where(_contact.c.id > last, _contact.c.name.is_not(None))
            .order_by(_contact.c.id)
            .limit(_AT_A_TIME)
        ).all()
        if not rows:
            return
        for row in rows:
            words = normal(row.name.decode(errors="replace")) or None
            conn.execute(sa.update(_contact).where(_contact.c.id == row.id).values(listed_name=words))
        last = rows[-1].id


def downgrade() -> None:
    op.drop_table("contact_tag")
    op.drop_column("tag", "is_kept")
    op.drop_column("tag", "colour")
    op.drop_index("ix_contact_listed", "contact")
    op.drop_column("contact", "listed_name")
    op.drop_column("contact", "shop_name")
