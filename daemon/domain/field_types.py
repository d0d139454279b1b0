"""What is known of a setting beside its default: its name, and what may be typed.

A dataclass of settings annotates each of its fields with one of these. The texts are English msgids;
`daemon.i18n` holds their translations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, get_type_hints


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting that is typed in a form of its own.

    Those of one `page` are shown and kept together; `in_log` is the name in the owner's log, if that is another.
    """

    kind: ClassVar[str] = "special"

    label: str
    page: str = field(default="", kw_only=True)
    in_log: str = field(default="", kw_only=True)

    @property
    def name_in_log(self) -> str:
        """What the owner's log calls it."""
        return self.in_log or self.label


@dataclass(frozen=True, slots=True)
class SwitchField(SettingField):
    """On or off."""

    kind: ClassVar[str] = "switch"


@dataclass(frozen=True, slots=True)
class NumberField(SettingField):
    """A whole number from `low` to `high`; nothing at all if it `is_optional`."""

    kind: ClassVar[str] = "number"

    low: int
    high: int
    unit: str = ""
    is_optional: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class ChoiceField(SettingField):
    """One of a few words, each with its label."""

    kind: ClassVar[str] = "choice"

    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TextField(SettingField):
    """A text of so many characters at most."""

    kind: ClassVar[str] = "text"

    longest: int


@dataclass(frozen=True, slots=True)
class PositionField(TextField):
    """A place: two degrees, or a map's address that says them; kept as degrees."""


@dataclass(frozen=True, slots=True)
class TextsField(SettingField):
    """Several texts: how many at most, and how long each may be."""

    kind: ClassVar[str] = "texts"

    longest: int
    most: int


def setting_fields(settings: type) -> dict[str, SettingField]:
    """The fields of a dataclass of settings by name, in their order."""
    hints = get_type_hints(settings, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}
