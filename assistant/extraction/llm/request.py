"""Window -> request: messages, a strict JSON schema, and the hash by which it is cached."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from assistant.errors import PromptError
from assistant.extraction.llm.codebook import Codebook
from assistant.extraction.llm.reply import Context, ReplyError, parse_reply
from assistant.extraction.llm.tokens import Count
from assistant.extraction.llm.windows import Window
from assistant.grounding import Grounded, ground
from assistant.models import Framework, Polarity, Role, Status, Transcript, Turn, content_hash
from assistant.prompts import Prompt

PER_MESSAGE: Final = 4
"""Tokens that a provider adds to each message."""
OUTPUT_SHARE: Final = 0.35
"""Output tokens an input token of conversation brings, for estimates: some 50 items in 5,000 tokens, some 35 tokens each."""
MAX_BROKEN: Final = 6000
"""Characters of an unusable reply that are shown to the model again."""


@dataclass(frozen=True)
class Sampling:
    """What else decides a reply."""

    model: str
    temperature: float | None
    seed: int | None
    response_format: Literal["json_schema", "json_object"] = "json_schema"
    """See ``Settings.llm_response_format``."""


@dataclass(frozen=True)
class Request:
    """One request as it would leave."""

    transcript: str
    """``Transcript.id``."""
    window: Window
    body: dict[str, Any]
    """Of ``POST /chat/completions``."""
    hash: str
    """SHA-256 of the body: equal requests are sent once."""
    prompt_hash: str
    context: Context
    """What a reply may refer to."""
    tokens: int
    """Input tokens: messages and schema."""
    expected_output: int
    """Estimate."""
    purpose: str = "extract"


def schema(elements: Sequence[str], stages: Sequence[int]) -> dict[str, Any]:
    """The reply's JSON schema: ids are enumerations, so that a reply cannot name anything else."""
    item = {
        "t": {"type": "integer"},
        "q": {"type": "string"},
        "e": {"type": "string", "enum": list(elements)},
        "s": {"type": "array", "items": {"type": "integer", "enum": list(stages)}},
        "p": {"type": "string", "enum": [p.value for p in Polarity]},
        "k": {"type": "string", "enum": [s.value for s in Status]},
        "c": {"type": "array", "items": {"type": "string"}},
    }
    items = {"type": "array", "items": {"type": "object", "properties": item, "required": list(item), "additionalProperties": False}}
    return {"type": "object", "properties": {"items": items}, "required": ["items"], "additionalProperties": False}


def fence(text: str) -> str:
    """A line that the text does not hold: derived from it, so equal windows give equal requests and nobody can write it beforehand."""
    n = 0
    while True:
        mark = "#" + hashlib.sha256(f"{n}:{text}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
        if mark not in text:
            return mark
        n += 1


class Builder:
    """Builds the requests of one framework.

    Raises PromptError where the prompt's examples are not grounded or do not fit the schema: before any token is spent.
    """

    def __init__(self, framework: Framework, prompt: Prompt, sampling: Sampling, count: Count) -> None:
        check_examples(prompt)
        self._codebook = Codebook(framework)
        self._prompt = prompt
        self._sampling = sampling
        self._count = count
        self._example = "\n".join(_example(e) for e in prompt.examples)
        self._books: dict[tuple[str, ...], tuple[str, str]] = {}

    def build(self, transcript: Transcript, window: Window) -> Request:
        """The request of one window."""
        book = self._codebook
        mark = fence(window.text)
        if window.elements not in self._books:
            self._books[window.elements] = (book.text(window.elements), book.codes(window.elements))
        values = {
            "codebook": self._books[window.elements][0], "codes": self._books[window.elements][1], "stages": book.stage_names(),
            "example": self._example, "fence": mark, "passage": window.text,
        }  # fmt: skip
        system, user = self._prompt.render({name: values[name] for name in self._prompt.variables if name in values})
        shorts = [s for s, e in book.elements.items() if e.id in window.elements]
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        context = Context(tuple(shorts), book.stages)
        return self._request(transcript.id, window, messages, context, "extract")

    def repair(self, request: Request, reply: str, problem: str) -> Request:
        """Asks once more, showing the unusable reply and what is wrong with it."""
        again = f"This reply cannot be used: {problem}. Give the whole answer again, as JSON of the schema only."
        shown = reply[:MAX_BROKEN] or "(nothing)"
        messages = [*request.body["messages"], {"role": "assistant", "content": shown}, {"role": "user", "content": again}]
        return self._request(request.transcript, request.window, messages, request.context, "repair")

    def _request(self, transcript: str, window: Window, messages: list[dict[str, str]], context: Context, purpose: str) -> Request:
        wanted = {"name": "evidence", "strict": True, "schema": schema(context.elements, context.stages)}
        body: dict[str, Any] = {
            "model": self._sampling.model,
            "messages": messages,
            "response_format": {"type": "json_schema", "json_schema": wanted},
        }
        if self._sampling.response_format == "json_object":
            body["response_format"] = {"type": "json_object", "schema": wanted["schema"]}
        if self._sampling.temperature is not None:
            body["temperature"] = self._sampling.temperature
        if self._sampling.seed is not None:
            body["seed"] = self._sampling.seed
        tokens = sum(self._count(m["content"]) + PER_MESSAGE for m in messages) + self._count(json.dumps(wanted))
        return Request(
            transcript,
            window,
            body,
            content_hash(body),
            self._prompt.hash,
            context,
            tokens,
            int(window.tokens * OUTPUT_SHARE) + 20,
            purpose,
        )


def _example(example: Mapping[str, Any]) -> str:
    heads = ("Q" if one["speaker"] == "Q" else f"[{one['turn']}] {one['speaker']}" for one in example["lines"])
    lines = "\n".join(f"{head} {one['text']}" for head, one in zip(heads, example["lines"], strict=True))
    reply = json.dumps({"items": example["items"]}, ensure_ascii=False, separators=(",", ":"))
    return f"{example['codebook']}\n{lines}\n{reply}"


def check_examples(prompt: Prompt) -> None:
    """Raises PromptError unless every example's reply is valid and its quotes were said by a respondent of the example."""
    source = f"{prompt.task}/v{prompt.version}.md"
    for n, example in enumerate(prompt.examples, 1):
        try:
            _check_example(example)
        except (KeyError, TypeError, ReplyError, ValueError) as error:
            raise PromptError(f"{error}", source=source, place=f"example {n}", remedy="correct the example: nothing was sent") from error


def _check_example(example: Mapping[str, Any]) -> None:
    """Raises ReplyError, KeyError, TypeError or ValueError."""
    turns: list[Turn] = []
    text, by_number = "", {}
    for one in example["lines"]:
        start = len(text)
        text += str(one["text"]) + "\n"
        role = Role.INTERVIEWER if one["speaker"] == "Q" else Role.RESPONDENT
        by_number[one["turn"]] = len(turns)
        turns.append(Turn(index=len(turns), speaker=one["speaker"], role=role, start=start, end=len(text) - 1))
    transcript = Transcript(id="example", name="example", format="example", text=text, turns=tuple(turns), sha256="", size=0)
    book = str(example["codebook"]).splitlines()
    elements = tuple(line.split()[0] for line in book if not line[0].isdigit())
    stages = tuple(int(n) for line in book if line[0].isdigit() for n in line.split()[0].split("-"))
    for item in parse_reply(json.dumps({"items": example["items"]}), Context(elements, stages)):
        found = ground(item.q, transcript, turns=(by_number[item.t],))
        if not isinstance(found, Grounded):
            raise ValueError(f"“{item.q}”: {found.detail}")
