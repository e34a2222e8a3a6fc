"""Requests and replies as files in OpenAI's Batch format: half the price, and a way for models behind an air gap.

A request's ``custom_id`` is made of its hash, so that an answer finds its request whatever became of the file in between, and an answer to
a request that was never exported, or that was changed, finds none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from assistant.errors import InputError
from assistant.extraction.llm.client import arrival_of
from assistant.extraction.llm.engine import Plan
from assistant.extraction.llm.request import Request
from assistant.extraction.llm.sender import find_known
from assistant.models import Model, content_hash
from assistant.store.llm_calls import Call, Departure, LLMCalls

_DIGITS: Final = 48
_CUSTOM_ID: Final = re.compile(rf"w-([0-9a-f]{{{_DIGITS}}})\Z")
MAX_LINE: Final = 8_000_000
"""Characters of one line of results."""


class Exported(Model):
    """What went into a file."""

    written: int
    """Requests in the file."""
    answered: int
    """Requests left out: the database has their reply."""


class Refusal(Model):
    """A line of a results file that was not taken."""

    line: int
    """From 1."""
    custom_id: str
    """As the line gives it."""
    reason: str
    """Why."""


class Imported(Model):
    """What came of a results file."""

    taken: int
    """New replies."""
    known: int
    """Replies that were in the database already."""
    refused: tuple[Refusal, ...]
    """Line by line."""


def custom_id(request_hash: str) -> str:
    """The id of a request in batch files."""
    return f"w-{request_hash[:_DIGITS]}"


def export_batch(plans: Sequence[Plan], calls: LLMCalls, path: Path) -> Exported:
    """Writes one line a request that has no reply yet; writing again gives the same file.

    Raises InputError where the file cannot be written; StoreError.
    """
    lines: dict[str, str] = {}
    answered = 0
    for plan in plans:
        for request in plan.requests:
            if find_known(calls, request, plan.builder) is not None:
                answered += 1
                continue
            line = {"custom_id": custom_id(request.hash), "method": "POST", "url": "/v1/chat/completions", "body": request.body}
            lines[request.hash] = json.dumps(line, ensure_ascii=False)
            _note(calls, request, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(line + "\n" for line in lines.values()), encoding="utf-8", errors="surrogatepass")
    except OSError as error:
        raise InputError(f"the file cannot be written: {error.strerror}", source=str(path), remedy="name another file") from error
    return Exported(written=len(lines), answered=answered)


def _note(calls: LLMCalls, request: Request, path: Path) -> None:
    """Logs the export once a request."""
    if any(call.state == "exported" for call in calls.of_request(request.hash)):
        return
    departure = Departure(
        request_hash=request.hash, transcript=request.transcript, window=request.window.index, purpose="batch",
        recipient=f"file:{path.name}", model=request.body["model"], prompt_hash=request.prompt_hash,
        seed=request.body.get("seed"), request=request.body,
    )  # fmt: skip
    calls.depart(departure, exported=True)


def import_batch(calls: LLMCalls, path: Path) -> Imported:
    """Takes the replies of a results file; importing again changes nothing. What cannot be taken is listed, line by line.

    Raises InputError where the file cannot be read; StoreError.
    """
    taken = known = 0
    refused: list[Refusal] = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file cannot be read: {error}", source=str(path), remedy="give the results file of the batch") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        given, outcome = _take(calls, line)
        taken += outcome == "taken"
        known += outcome == "known"
        if outcome not in ("taken", "known"):
            refused.append(Refusal(line=number, custom_id=given, reason=outcome))
    return Imported(taken=taken, known=known, refused=tuple(refused))


def _take(calls: LLMCalls, line: str) -> tuple[str, str]:
    """The line's custom id, and ``taken``, ``known`` or why it is refused."""
    try:
        data: Any = json.loads(line) if len(line) <= MAX_LINE else None
    except (json.JSONDecodeError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return "", "this is no JSON object"
    given = str(data.get("custom_id") or "")[:120]
    found = _CUSTOM_ID.match(given)
    rows = calls.of_request(found.group(1)) if found else ()
    if not any(row.purpose == "batch" for row in rows):
        return given, "no request with this custom_id was exported from this database"
    row = next(row for row in rows if row.purpose == "batch")
    if content_hash(row.request) != row.request_hash:
        return given, "the request it answers was altered in the database"
    return given, _keep(calls, rows, row, data)


def _keep(calls: LLMCalls, rows: Sequence[Call], row: Call, data: dict[str, Any]) -> str:
    response = data.get("response")
    if not isinstance(response, dict) or data.get("error") or response.get("status_code", 200) != 200:
        return "the batch reports an error for this request"
    try:
        arrival = arrival_of(response["body"])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return "its response is no chat completion"
    kept = [r for r in rows if r.reply is not None]
    if any(r.reply == arrival.reply for r in kept):
        return "known"
    if any(r.state == "answered" for r in kept):
        return "altered: another reply to this request is kept"
    if row.state == "exported":
        calls.arrive(row.id, arrival)
    else:
        # The reply that came first was no coding: this one stands beside it.
        again = {name: getattr(row, name) for name in Departure.model_fields}
        calls.arrive(calls.depart(Departure.model_validate(again), exported=True), arrival)
    return "taken"
