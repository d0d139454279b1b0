"""What a backup holds: one tar file whose last member, `manifest.json`, lists all others with their checksums."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "balas.db"
# everything that may be in a backup; a name decides nothing else about where a file goes
NAMES = re.compile(r"balas\.db|keys/session-\d{1,9}\.db|media/\d{1,9}/[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}")


@dataclass(frozen=True, slots=True)
class BackedUpFile:
    """One file: its place below the data folder, its bytes, and their SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which Balas wrote a backup, when, and every file in it."""

    balas: str
    schema: str
    made_at: datetime
    with_session: bool
    members: tuple[BackedUpFile, ...]

    def to_json(self) -> bytes:
        """The file as it is written."""
        values = {
            "format": FORMAT,
            "balas": self.balas,
            "schema": self.schema,
            "made_at": self.made_at.isoformat(),
            "with_session": self.with_session,
            "members": [asdict(member) for member in self.members],
        }
        return json.dumps(values, indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """Read what `to_json` wrote; raises ValueError for anything else, a newer format included."""
        try:
            values: dict[str, Any] = json.loads(data)
            if values["format"] != FORMAT:
                raise ValueError("another format")
            return cls(
                balas=str(values["balas"]),
                schema=str(values["schema"]),
                made_at=datetime.fromisoformat(values["made_at"]),
                with_session=bool(values["with_session"]),
                members=tuple(
                    BackedUpFile(str(one["name"]), int(one["size"]), str(one["sha256"]))
                    for one in values["members"]
                ),
            )
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("no manifest") from error
