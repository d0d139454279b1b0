"""Forgotten customers are known by a moment, no more by a name that anybody can give himself."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_contact = sa.table(
    "contact",
    *map(sa.column, ("id", "lid", "phone", "name", "merged_into", "forgotten_at")),
)
_alias = sa.table("contact_alias", sa.column("contact_id"))
_audit = sa.table("audit", sa.column("at"), sa.column("action"), sa.column("detail", sa.JSON()))


def upgrade() -> None:
    op.add_column("contact", sa.Column("forgotten_at", sa.BigInteger(), nullable=True))
    # whoever only calls himself so has an address; whoever was merged goes by the log's line of his survivor
    logged = sa.select(sa.func.max(_audit.c.at)).where(
        _audit.c.action == "contact.forgotten",
        _audit.c.detail["contact"].as_integer().in_((_contact.c.id, _contact.c.merged_into)),
    )
    op.execute(
        _contact.update()
        .where(
            _contact.c.name == "Forgotten customer",
            _contact.c.lid.is_(None),
            _contact.c.phone.is_(None),
            ~sa.select(_alias.c.contact_id).where(_alias.c.contact_id == _contact.c.id).exists(),
        )
        .values(
            name=None,
            forgotten_at=sa.func.coalesce(logged.scalar_subquery(), round(time.time() * 1000)),
        )
    )
