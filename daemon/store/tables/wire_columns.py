"""Columns whose values came from the wire: whatever an older version has let in, they give what can be shown."""

import math
from typing import Any

from sqlalchemy import JSON, Dialect, String, Text, TypeDecorator

from daemon.domain.text_cleaning import readable


class WireText(TypeDecorator[str]):
    """A text; bytes and control characters, as they were once kept, are read as text without them."""

    impl: Any = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else readable(value if isinstance(value, bytes) else str(value))


class WireString(WireText):
    """The same with a length."""

    impl: Any = String
    cache_ok = True


class WireDetails(TypeDecorator[dict[str, Any]]):
    """What is known of an attachment or a card: texts and numbers that can be shown, and lists of them."""

    impl = JSON
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            return None
        return {key: _shown(item) for key, item in value.items() if not _is_no_number(item)}


def _is_no_number(item: Any) -> bool:
    return isinstance(item, float) and not math.isfinite(item)


def _shown(item: Any) -> Any:
    if isinstance(item, str):
        return readable(item)
    if isinstance(item, list):
        return [_shown(one) for one in item if not _is_no_number(one)]
    if isinstance(item, dict):
        return {key: _shown(one) for key, one in item.items() if not _is_no_number(one)}
    return item
