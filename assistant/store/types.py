"""Column types: text that any database takes, canonical JSON, and times in UTC.

PostgreSQL takes neither NUL nor lone surrogates in text, SQLite's functions stop at NUL, and transcripts may hold both. They are
written reversibly as U+001A and four hex digits (U+001A itself too), on both databases alike; all other text is stored as it is.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from assistant.models import canonical_json

_UNSAFE: Final = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED: Final = re.compile("\x1a([0-9a-f]{4})")


def escape_text(text: str) -> str:
    """``text`` without NUL and lone surrogates; `unescape_text` gives it back."""
    return _UNSAFE.sub(lambda found: f"\x1a{ord(found.group()):04x}", text)


def unescape_text(text: str) -> str:
    """The text that `escape_text` was given."""
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text) if "\x1a" in text else text


def like_pattern(text: str) -> str:
    """Pattern for ``LIKE … ESCAPE '\\'`` that finds ``text`` anywhere in a case-folded `SafeText` column (which escapes it)."""
    literal = re.sub(r"([\\%_])", r"\\\1", text.casefold())
    return f"%{literal}%"


class SafeText(TypeDecorator[str]):
    """Text of any Python string."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Escapes on the way in."""
        return None if value is None else escape_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Gives back what was stored."""
        return None if value is None else unescape_text(value)


class CanonicalJson(TypeDecorator[Any]):
    """Plain data as canonical JSON text: the same bytes on every database, so that a stored hash stays checkable."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Writes sorted keys without spaces."""
        return None if value is None else escape_text(canonical_json(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Reads it back."""
        return None if value is None else json.loads(unescape_text(value))


class UtcTime(TypeDecorator[datetime]):
    """Times with their zone; SQLite keeps none, so everything is written and read as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turns any zone into UTC. Raises ValueError for a time without zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone cannot be stored: {value}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Gives an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
