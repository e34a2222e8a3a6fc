"""Many transcripts at once through one model: planned here, sent by several threads, grounded here again, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from assistant.errors import EngineError, SettingsError
from assistant.extraction.base import Coding, in_order, to_evidence
from assistant.extraction.llm.budget import Budget, Estimate, Prices, Usage, estimate
from assistant.extraction.llm.client import Answer, ChatClient, recipient
from assistant.extraction.llm.codebook import Codebook
from assistant.extraction.llm.redact import Names, Redacted, redact
from assistant.extraction.llm.reply import Item
from assistant.extraction.llm.request import Builder, Request, Sampling
from assistant.extraction.llm.retry import Failure
from assistant.extraction.llm.sender import Client, Outcome, Sender, find_known
from assistant.extraction.llm.tokens import counter
from assistant.extraction.llm.windows import Planner
from assistant.grounding import Grounder, Method, Refused
from assistant.models import CodingResult, CodingTask, Evidence, Framework, Rejection, Transcript, content_hash
from assistant.prompts import load_prompt
from assistant.settings import Settings
from assistant.store import Store
from assistant.store.llm_calls import LLMCalls

CODE_VERSION: Final = "1"
"""Raised whenever the engine's code changes what it finds."""
PROMPT: Final = "extract"
CONFIDENCE: Final[dict[Method, float]] = {"exact": 0.8, "normalised": 0.8, "elision": 0.7, "close": 0.7}
"""Not calibrated: models differ. Votes replace it where several passes agree."""

Progress = Callable[[Outcome], None]
"""Told of every window as it is done."""


@dataclass(frozen=True)
class Plan:
    """What would be sent of one transcript."""

    task: CodingTask
    redacted: Redacted
    requests: tuple[Request, ...]
    builder: Builder


@dataclass(frozen=True)
class FailedWindow:
    """A part of a transcript that is not coded."""

    window: int
    turns: tuple[int, int]
    """First and last ``Turn.index``."""
    reason: str


@dataclass(frozen=True)
class LLMRun:
    """What came of one transcript."""

    task: CodingTask
    result: CodingResult
    """Of the windows that were coded."""
    failed: tuple[FailedWindow, ...]
    """Run the task again and only these are sent."""
    windows: int
    cached: int
    """Windows whose reply was in the database."""
    models: tuple[str, ...]
    """Model names as the endpoint gave them."""


class IncompleteError(EngineError):
    """Some windows of a transcript are not coded. ``run`` holds what is there and what is missing. Run again, it is sent."""

    def __init__(self, run: LLMRun) -> None:
        self.run = run
        listed = "; ".join(f"window {f.window + 1} of {run.windows} (turns {f.turns[0]}-{f.turns[1]}): {f.reason}" for f in run.failed)
        super().__init__(
            f"{run.task.transcript.name} is not completely coded: {listed}", remedy="run it again: only these windows are sent"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (IncompleteError, (self.run,))


class LLMEngine:
    """Codes through an OpenAI-compatible endpoint.

    Args:
        settings: Endpoint, caps, prices (``llm_*``).
        store: Its database is the cache and the log of what leaves.
        model: In place of ``settings.llm_model``.
        names: Who must not be named, besides the speakers of each transcript.
        pass_number: From 0; further passes use another seed (and a temperature above 0), so that they are asked anew.
        client: Who sends; LangChain's ChatOpenAI where none is given.

    Raises SettingsError without a model; PromptError where the prompt or its examples are not valid.
    """

    name = "llm"

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        model: str | None = None,
        names: Names | None = None,
        pass_number: int = 0,
        client: Client | None = None,
    ) -> None:
        self.model = model or settings.llm_model or ""
        if not self.model:
            raise SettingsError("--engine llm needs a model", remedy="give --model NAME, or set ASSISTANT_LLM_MODEL")
        self._settings = settings
        self._calls = LLMCalls(store)
        self._names = names or Names()
        self._names = Names(self._names.people, self._names.organisations, (*self._names.others, *settings.llm_redact_names))
        self._prompt = load_prompt(PROMPT)
        self._sampling = _sampling(settings, self.model, pass_number)
        self._client = client
        self._count = counter(self.model)
        self._planners: dict[str, tuple[Planner, Builder]] = {}
        self.version = f"{CODE_VERSION}+{self._prompt.hash[:10]}"
        self.usage = Usage()
        """Of the last run."""
        self._halted = ""
        self._sender: Sender | None = None

    # ------------------------------------------------------------ planning: nothing leaves

    def task(self, transcript: Transcript, framework: Framework) -> CodingTask:
        """The unit of work for one transcript, with all settings that decide its result."""
        names = content_hash([self._names.people, self._names.organisations, self._names.others, self._settings.llm_phone_region])
        settings: dict[str, Any] = {
            "model": self.model, "endpoint": recipient(self._settings), "window_tokens": self._settings.llm_window_tokens,
            "temperature": self._sampling.temperature, "seed": self._sampling.seed, "prompt": f"{PROMPT}/v{self._prompt.version}",
            "redaction": names[:16] if self._settings.llm_redact else "off",
        }  # fmt: skip
        return CodingTask(transcript=transcript, framework=framework, engine=self.name, engine_version=self.version, settings=settings)

    def plan(self, task: CodingTask) -> Plan:
        """The requests of one transcript, as they would leave."""
        planner, builder = self._tools(task.framework)
        hidden = redact(task.transcript, self._names, region=self._settings.llm_phone_region) if self._settings.llm_redact else None
        redacted = hidden or Redacted(task.transcript)
        requests = tuple(builder.build(redacted.transcript, window) for window in planner.plan(redacted.transcript))
        return Plan(task, redacted, requests, builder)

    @property
    def calls(self) -> LLMCalls:
        """The log of what left, and the cache."""
        return self._calls

    def _tools(self, framework: Framework) -> tuple[Planner, Builder]:
        key = framework.hash
        if key not in self._planners:
            planner = Planner(framework, self._count, self._settings.llm_window_tokens)
            self._planners[key] = (planner, Builder(framework, self._prompt, self._sampling, self._count))
        return self._planners[key]

    def estimate(self, tasks: Iterable[CodingTask]) -> Estimate:
        """Calls, tokens and cost of what is not in the database yet. Sends nothing."""
        plans = [self.plan(task) for task in tasks]
        known = {r.hash for p in plans for r in p.requests if find_known(self._calls, r, p.builder) is not None}
        return estimate([r for p in plans for r in p.requests], known, Prices.of(self._settings), len(plans))

    # ------------------------------------------------------------ coding

    def code(self, task: CodingTask) -> CodingResult:
        """See `Engine.code`. Raises IncompleteError where a window failed; its ``run`` holds the rest."""
        run = self.run([task])[0]
        if run.failed:
            raise IncompleteError(run)
        return run.result

    def run(self, tasks: Iterable[CodingTask], *, progress: Progress | None = None, send: bool = True) -> tuple[LLMRun, ...]:
        """Codes transcripts, all windows of all of them by the same threads; equal input gives equal results in the order given.

        A window that fails does not stop the others. ``send=False`` takes replies from the database only: after a batch was imported.
        Raises SettingsError (key, prices) before anything is sent; StoreError.
        """
        client = self._client or (ChatClient(self._settings) if send else _Nobody())
        budget = Budget(self._settings)
        sender = Sender(client, self._calls, budget, self._settings.llm_attempts, self._settings.llm_max_wait)
        self._sender = sender
        if self._halted:
            sender.stop(self._halted)
        if not send:
            sender.stop("no reply in the database, and nothing is to be sent")
        plans: list[Plan] = []
        waiting: dict[str, Future[Outcome]] = {}
        pool = ThreadPoolExecutor(self._settings.llm_concurrency, thread_name_prefix="llm")
        try:
            for task in tasks:
                plan = self.plan(task)
                plans.append(plan)
                for request in plan.requests:
                    if request.hash not in waiting:
                        waiting[request.hash] = pool.submit(_report, sender, request, plan.builder, progress)
            # Grounding the first transcripts overlaps with waiting for the last.
            return tuple(self.collect(plan, [waiting[r.hash].result() for r in plan.requests]) for plan in plans)
        except BaseException:
            # Ctrl-C too: what is under way is answered and kept, nothing new is sent.
            sender.stop("the run was interrupted")
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            self.usage = budget.usage

    def stop(self, reason: str) -> None:
        """For good, and from any thread: nothing more is sent. What is under way is answered and kept; the rest fails with the reason."""
        self._halted = reason
        if self._sender is not None:
            self._sender.stop(reason)

    def collect(self, plan: Plan, outcomes: Sequence[Outcome]) -> LLMRun:
        """Evidence and refusals of one transcript from what became of its windows."""
        task, coder = plan.task, f"{self.name}/{self.model}"
        book = Codebook(task.framework)
        grounder = Grounder(plan.redacted.transcript)
        evidence: dict[tuple[str, int, int], Evidence] = {}
        refused: list[Rejection] = []
        failed = []
        for request, outcome in zip(plan.requests, outcomes, strict=True):
            if outcome.items is None:
                turns = request.window.turns
                failed.append(FailedWindow(request.window.index, (turns[0], turns[-1]), outcome.problem))
                continue
            for item in outcome.items:
                found = self._place(plan, request, grounder, item, outcome.model, book)
                if isinstance(found, Rejection):
                    refused.append(found)
                elif (found.element, found.start, found.end) in evidence:
                    reason = "the same claim was proposed twice"
                    refused.append(Rejection(quote=found.quote, element=found.element, reason=reason, engine=coder))
                else:
                    evidence[found.element, found.start, found.end] = found
        result = CodingResult(key=task.key, evidence=in_order(list(evidence.values())), rejections=tuple(refused))
        models = tuple(dict.fromkeys(o.model for o in outcomes if o.model))
        return LLMRun(task, result, tuple(failed), len(outcomes), sum(o.cached for o in outcomes), models)

    def _place(self, plan: Plan, request: Request, grounder: Grounder, item: Item, model: str, book: Codebook) -> Evidence | Rejection:
        """Evidence of one proposal, or its refusal with the reason."""
        task, coder = plan.task, f"{self.name}/{self.model}"
        element = book.elements[item.e]
        found = grounder.ground(item.q, turns=request.window.turns, prefer=item.t)
        if isinstance(found, Refused):
            return Rejection(quote=_restored(plan, item.q), element=element.id, reason=_restored(plan, found.detail), engine=coder)
        if not request.window.holds(found.start, found.end):
            reason = "this was sent as context only; the window it belongs to codes it"
            return Rejection(quote=_restored(plan, item.q), element=element.id, reason=reason, engine=coder)
        start, end = plan.redacted.original(found.start, found.end)
        low, high = _stages(book, element.id, item.s)
        known = {p.code for p in task.framework.practices}
        codes = tuple(dict.fromkeys(c for c in item.c if c.removeprefix("!") in known))
        strange = "".join(f"; unknown code {c[:12]!r} left out" for c in item.c if c.removeprefix("!") not in known)
        coding = Coding(
            element=element.id, start=start, end=end, status=item.k, polarity=item.p, stage_low=low, stage_high=high, codes=codes,
            confidence=CONFIDENCE[found.method], rationale=f"{model}: {_claim(item)}; quote {found.method}{strange}",
        )  # fmt: skip
        return to_evidence(task.transcript, task.framework.id, element, task.transcript.turns[found.turn], coding, coder)


class _Nobody:
    """The client of a run that sends nothing."""

    recipient = ""

    def send(self, body: Mapping[str, Any]) -> Answer:
        """Raises Failure: the sender does not come here."""
        raise Failure("nothing is to be sent", retryable=False)


def _report(sender: Sender, request: Request, builder: Builder, progress: Progress | None) -> Outcome:
    outcome = sender.code(request, builder)
    if progress is not None:
        progress(outcome)
    return outcome


def _sampling(settings: Settings, model: str, pass_number: int) -> Sampling:
    """The first pass is the settings' own; a further one gets another seed, and a temperature at which it can differ."""
    temperature, seed = settings.llm_temperature, settings.llm_seed
    if pass_number:
        temperature = None if temperature is None else max(temperature, 0.5)
        seed = (seed or 0) + pass_number
    return Sampling(model, temperature, seed, settings.llm_response_format)


def _stages(book: Codebook, element: str, chosen: Sequence[int]) -> tuple[int, int]:
    """The run of stages that the chosen statements stand for; all stages where none was chosen."""
    of = book.framework.element(element)
    if not chosen:
        return min(book.stages), max(book.stages)
    return of.statement_at(min(chosen)).stage_low, of.statement_at(max(chosen)).stage_high


def _claim(item: Item) -> str:
    stages = ",".join(map(str, sorted(set(item.s)))) or "open"
    return f"{item.p.value}, {item.k.value}, stage {stages}"


def _restored(plan: Plan, text: str) -> str:
    """Placeholders as the words they stand for: what is shown stays on this machine."""
    for swap in plan.redacted.swaps:
        if swap.placeholder in text:
            text = text.replace(swap.placeholder, plan.task.transcript.text[swap.start : swap.end])
    return text
