"""Transcript files -> Transcript, with every offset exact and no speaker invented.

    read_transcript     a file of any readable format
    with_roles          the same transcript with other interviewers
    guess_interviewers  who seems to interview, and why
    to_json, from_json  the copy that is stored next to evidence

Readers: cues (WebVTT, SRT), plain (text, Markdown), word (DOCX), pdf, jsonfile. All refuse with TranscriptError: file, place, remedy.
"""

from assistant.transcripts.limits import READABLE
from assistant.transcripts.reader import read_transcript
from assistant.transcripts.roles import Guess, guess_interviewers, with_roles
from assistant.transcripts.stored import from_json, to_json
from assistant.transcripts.subject import remarks

__all__ = ["READABLE", "Guess", "from_json", "guess_interviewers", "read_transcript", "remarks", "to_json", "with_roles"]
