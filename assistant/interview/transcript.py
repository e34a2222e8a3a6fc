"""The log as a conversation: our JSON, and the Transcript that the same file gives when it is uploaded."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from assistant.interview.ledger import Ledger
from assistant.models import Role, Transcript
from assistant.transcripts import read_transcript

NOTED: Final = "The answers are the interviewer's notes, not the respondent's words: quotes are of the notes."
"""Note of a transcript whose interview was not taken down word for word."""
FORMAT: Final = "interview"
"""``Transcript.format`` of an interview that was taken here."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def to_turns(ledger: Ledger) -> list[dict[str, Any]]:
    """What was spoken, in order: every question that was shown and every answer, to the letter; times are active seconds."""
    turns: list[dict[str, Any]] = []
    opened = ledger.opened
    begin = ledger.exchanges[0].second if ledger.exchanges else 0.0
    for x in ledger.exchanges:
        shown = round(x.second - begin, 3)
        turns.append({"speaker": opened.interviewer, "role": Role.INTERVIEWER.value, "text": x.body.text, "start": shown, "end": shown})
        if x.reply is not None:
            said = round((x.reply_second or x.second) - begin, 3)
            turns.append({"speaker": opened.respondent, "role": Role.RESPONDENT.value, "text": x.reply, "start": shown, "end": said})
    return turns


def to_json_bytes(ledger: Ledger) -> bytes:
    """The conversation in our transcript format, for download and as the original of the stored transcript."""
    document = {"format": "assistant-transcript", "version": 1, "turns": to_turns(ledger)}
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    # Half a character (a lone surrogate) fits into no file; the reader of uploads would replace it, too.
    return _SURROGATE.sub("\ufffd", text).encode("utf-8")


def to_transcript(ledger: Ledger, name: str = "interview") -> Transcript:
    """The Transcript, by the very reader that takes uploads: same text, turns and id.

    Raises TranscriptError where nothing was said yet.
    """
    read = read_transcript(to_json_bytes(ledger), name=f"{name}.json")
    notes = read.notes if ledger.opened.verbatim else (*read.notes, NOTED)
    return read.model_copy(update={"format": FORMAT, "notes": notes})
