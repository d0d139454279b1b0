"""Files that people of ours send, until WhatsApp's media hosts have them."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from auth_store.tables import UtcTime, metadata
from daemon.store.sql import partial_index

# One file of one message. `file` names it below the folder of attachments, by its content: several messages may
# send the same. `uploaded` is what the message will say of it (keys included), once it is on the hosts; before
# that the message does not leave. `thumbnail` travels in the message itself.
outgoing_file = Table(
    "outgoing_file",
    metadata,
    Column("message_id", Integer, ForeignKey("message.id"), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("file", String(160), nullable=False),
    Column("uploaded", JSON(none_as_null=True)),
    Column("uploaded_at", UtcTime),
    Column("thumbnail", LargeBinary),
    # as in `download`
    Column("next_at", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("begun_at", UtcTime),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Index(None, "file"),
    partial_index("ix_outgoing_file_waiting", "account_id", "next_at", where="uploaded_at IS NULL"),
)
