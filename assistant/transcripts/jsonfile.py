"""JSON -> Reading: our own schema, Whisper and WhisperX output, and bare lists of segments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from assistant.models import Role
from assistant.transcripts.build import Reading, Utterance, compose
from assistant.transcripts.decoding import Decoded
from assistant.transcripts.labels import clean
from assistant.transcripts.limits import MAX_JSON_DEPTH, MAX_TIME, fail
from assistant.transcripts.times import seconds

FORMAT: Final = "assistant-transcript"
"""Value of ``format`` in our own files."""
VERSION: Final = 1
"""Highest version of our own files that is understood."""
_REMEDY: Final = (
    'give {"segments": [{"start": 0.0, "end": 1.5, "speaker": "Anna", "text": "..."}]}, such a list alone, or '
    '{"format": "assistant-transcript", "version": 1, "turns": [{"speaker": "Anna", "text": "..."}]}'
)
_STRUCTURE: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class _Faulty(Exception):
    """A value that cannot be read: the key where it stands and what is wrong."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(place, message)
        self.place = place
        self.message = message


def _check_depth(text: str, source: str) -> None:
    """Raise TranscriptError where brackets are nested too deep for the parser."""
    depth = 0
    for found in _STRUCTURE.finditer(text):
        sign = found.group()
        if sign in "[{":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                line = text.count("\n", 0, found.start()) + 1
                fail(f"values are nested more than {MAX_JSON_DEPTH} deep", source=source, place=f"line {line}", remedy=_REMEDY)
        elif sign in "]}":
            depth -= 1


def _parse(text: str, source: str) -> Any:
    """The value of a JSON text. Raises TranscriptError naming line and column."""
    _check_depth(text, source)

    def refuse(name: str) -> NoReturn:
        raise _Faulty("", f"{name} is no number that JSON allows")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        fail(
            f"this is not valid JSON: {error.msg}",
            source=source,
            place=f"line {error.lineno}, column {error.colno}",
            remedy="export it again",
        )
    except _Faulty as error:
        fail(error.message, source=source, remedy="export it again")
    except ValueError:
        fail("a number in this file has too many digits", source=source, remedy="export it again")


def _clock(value: str, place: str) -> float:
    """Seconds of ``00:01:02.5`` or ``62.5``."""
    found = seconds(value)
    if found is not None:
        return found
    try:
        return float(value)
    except ValueError:
        raise _Faulty(place, f"{value[:40]!r} is no time") from None


def _moment(value: object, place: str) -> float | None:
    """Seconds of a number or of a text such as ``00:01:02.5``; None for a missing one."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _clock(value, place)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Faulty(place, f"a time must be a number of seconds, not {type(value).__name__}")
    if not (-MAX_TIME <= value <= MAX_TIME) or math.isnan(value):
        raise _Faulty(place, "this time is beyond a thousand hours")
    if value < 0:
        raise _Faulty(place, "a time cannot be negative")
    return float(value)


def _words(value: object, place: str) -> str:
    """A text value with universal newlines and without lone surrogates, which no file can hold."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Faulty(place, f"this must be text, not {type(value).__name__}")
    text = value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return _SURROGATE.sub("\ufffd", text)


def _role(value: object, place: str) -> Role | None:
    """A stated role; None where none is stated."""
    if value is None or value == "":
        return None
    try:
        return Role(str(value))
    except ValueError:
        allowed = ", ".join(role.value for role in Role)
        raise _Faulty(place, f"the role must be one of {allowed}") from None


def _utterance(entry: object, place: str, *, own: bool) -> Utterance:
    """One segment or turn."""
    if not isinstance(entry, Mapping):
        raise _Faulty(place, f"this must be an object with a text, not {type(entry).__name__}")
    if "text" not in entry:
        raise _Faulty(place, "the text is missing")
    label = next((entry[name] for name in ("speaker", "speaker_label", "speaker_name") if entry.get(name) is not None), None)
    if isinstance(label, int) and not isinstance(label, bool):
        label = f"Speaker {label}"
    return Utterance(
        clean(_words(label, f"{place}.speaker")),
        _words(entry["text"], f"{place}.text"),
        _moment(entry.get("start"), f"{place}.start"),
        _moment(entry.get("end"), f"{place}.end"),
        role=_role(entry.get("role"), f"{place}.role") if own else None,
        glue=None if own else " ",
    )


def _entries(value: object, source: str) -> tuple[str, Sequence[object], bool]:
    """(key, entries, whether it is our own schema)."""
    if isinstance(value, list):
        return "", value, False
    if not isinstance(value, Mapping):
        fail(f"a transcript must be an object or a list, not {type(value).__name__}", source=source, remedy=_REMEDY)
    if value.get("format") == FORMAT:
        version = value.get("version")
        if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= VERSION:
            fail(
                f"version {str(version)[:40]!r} of the schema is not known", source=source, place="version", remedy=f"use version {VERSION}"
            )
        turns = value.get("turns")
        if not isinstance(turns, list):
            fail("the list of turns is missing", source=source, place="turns", remedy=_REMEDY)
        return "turns", turns, True
    if isinstance(value.get("segments"), list):
        return "segments", value["segments"], False
    if isinstance(value.get("text"), str):
        return "", [{"text": value["text"]}], False
    keys = ", ".join(repr(str(k)[:20]) for k in list(value)[:5]) or "none"
    fail(f"there are no segments or turns in it (its keys: {keys})", source=source, remedy=_REMEDY)


def read_json(decoded: Decoded, source: str) -> Reading:
    """Reading of a JSON transcript. Raises TranscriptError naming the key that is wrong."""
    value = _parse(decoded.text, source)
    name, entries, own = _entries(value, source)
    try:
        said = [_utterance(entry, f"{name}[{place}]", own=own) for place, entry in enumerate(entries)]
    except _Faulty as error:
        fail(error.message, source=source, place=error.place, remedy=_REMEDY)
    notes = list(decoded.notes)
    if isinstance(value, Mapping) and value.get("synthetic") is True:
        notes.append("Synthetic transcript: nobody said this")
    empty = sum(1 for one in said if not one.text.strip())
    if empty and len(said) > empty:
        notes.append(f"{empty} entries without text were left out")
    backwards = sum(1 for one in said if one.start is not None and one.end is not None and one.end < one.start)
    if backwards:
        notes.append(f"{backwards} entries end before they begin; times are kept as given")
    text, drafts = compose(said)
    if drafts and not any(draft.speaker for draft in drafts):
        notes.append("No speaker names were found in the text")
    return Reading("json", text, drafts, decoded.encoding, tuple(notes))
