"""Transcript <-> the JSON copy that is stored next to evidence. The copy is checked on the way in: offsets of evidence depend on it."""

from __future__ import annotations

import re
from typing import NoReturn

from pydantic import ValidationError

from assistant.errors import EvidenceError
from assistant.models import Transcript
from assistant.transcripts.build import transcript_id

_REMEDY = "restore the file from a backup, or read the original transcript again"


def to_json(transcript: Transcript) -> str:
    """The whole transcript as JSON; ``from_json`` gives an equal one back."""
    return transcript.model_dump_json(indent=1) + "\n"


def from_json(text: str | bytes, *, source: str = "stored transcript") -> Transcript:
    """The transcript of ``to_json``. Raises EvidenceError if the copy is damaged or was changed."""
    try:
        transcript = Transcript.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        _damaged(first["msg"], source, ".".join(str(part) for part in first["loc"]))
    _check(transcript, source)
    return transcript


def _damaged(message: str, source: str, place: str = "") -> NoReturn:
    raise EvidenceError(f"this copy of a transcript is damaged: {message}", source=source, place=place, remedy=_REMEDY)


def _check(transcript: Transcript, source: str) -> None:
    """Raise EvidenceError unless turns are in order, within the text and without overlap, and the id fits text and turns."""
    end = 0
    for place, turn in enumerate(transcript.turns):
        if turn.index != place or not end <= turn.start < turn.end <= len(transcript.text):
            _damaged("a turn is out of order, outside the text, or overlaps another", source, f"turns.{place}")
        last = turn.start
        for span in turn.spans:
            if not last <= span.start <= span.end <= turn.end:
                _damaged("a cue is out of order or outside its turn", source, f"turns.{place}.spans")
            last = span.end
        end = turn.end
    if not re.fullmatch("[0-9a-f]{64}", transcript.sha256):
        _damaged("the checksum of the original is malformed", source, "sha256")
    if transcript.id != transcript_id(transcript.text, transcript.turns):
        _damaged("text or turns do not fit the id: somebody changed them", source, "id")
