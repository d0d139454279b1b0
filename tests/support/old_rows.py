"""Rows as versions up to 0.3.1 have stored them: bytes where the protobuf binding gave some, and no limits."""

from daemon.store.engine import Database

# JSON as Python wrote it: no number, half a surrogate pair, a size beyond SQL's
MEDIA = '{"mime": "application/pdf", "name": "nota\\ud83d.pdf\\u0000", "lat": NaN, "lng": Infinity, "size": 9e300}'


def spoil(
    database: Database, message_id: int, text: bytes | str = b"rusak \xff\xfe\x00 sekali", **more: object
) -> None:
    """Make a message, its writer's name and a reaction to it what an older version would have stored."""
    values: dict[str, object] = {"text": text, "media": MEDIA, "participant": b"\xff@lid", **more}
    with database.write() as conn:
        setting = ", ".join(f"{name} = ?" for name in values)
        conn.exec_driver_sql(f"UPDATE message SET {setting} WHERE id = ?", (*values.values(), message_id))
        conn.exec_driver_sql(
            "UPDATE contact SET name = ? WHERE id = (SELECT contact_id FROM message WHERE id = ?)",
            (b"Bu\xffdi\x1b[31m", message_id),
        )
        columns = "message_id, by_me, emoji, at"
        conn.exec_driver_sql(f"INSERT INTO reaction ({columns}) VALUES (?, 0, ?, 1)", (message_id, b"\xf0\x9f"))
