"""How fast is the store with 5,000 pieces of evidence in 60 transcripts? Prints medians in milliseconds.

    python -m benchmarks.store [URL ...]

Without a URL: a new SQLite file, and beside it a new PostgreSQL database where ASSISTANT_TEST_POSTGRES names a server. A database that is
named is filled, and keeps what was added.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from assistant.models import (
    CodingResult,
    CodingTask,
    Dimension,
    Element,
    Evidence,
    EvidenceState,
    Framework,
    Policy,
    Role,
    Stage,
    Statement,
    Transcript,
    Turn,
)
from assistant.store import EvidenceFilter, EvidenceOrder, Store
from benchmarks.evaluation import parser_of

TRANSCRIPTS, EACH = 60, 84
SAID = "we retrain the model every night and a pipeline deploys it once the checks are green which they mostly are"
WORDS = SAID.split()


def framework() -> Framework:
    """Five dimensions of four elements."""
    dimensions = tuple(
        Dimension(
            id=f"d{d}", name=f"D{d}",
            elements=tuple(
                Element(
                    id=f"d{d}.e{e}", name=f"E{e}", description="x",
                    statements=(Statement(id=f"d{d}.e{e}#1-5", text="x", stage_low=1, stage_high=5),),
                )
                for e in range(4)
            ),
        )
        for d in range(5)
    )  # fmt: skip
    stages = tuple(Stage(number=n, name=str(n)) for n in range(1, 6))
    policy = Policy(id="majority", version=1, kind="majority")
    return Framework(id="bench", version="1", title="Bench", citation="none", stages=stages, dimensions=dimensions, policies=(policy,))


def transcript(n: int) -> tuple[Transcript, bytes]:
    """8,000 words of one respondent."""
    body = " ".join(WORDS[(k * 7 + n) % len(WORDS)] for k in range(8000))
    original = f"{n}|{body}".encode()
    digest = hashlib.sha256(original).hexdigest()
    turn = Turn(index=0, speaker=f"Person {n} of sixty", role=Role.RESPONDENT, start=0, end=len(body))
    made = Transcript(
        id=f"t-{digest[:16]}", name=f"interview {n}", format="txt", text=body, turns=(turn,), sha256=digest, size=len(original)
    )  # fmt: skip
    return made, original


def evidence(made: Transcript) -> tuple[Evidence, ...]:
    """Spread over the text and all elements."""
    step = len(made.text) // (EACH + 1)
    found = []
    for k in range(EACH):
        start, end, element = k * step, k * step + 120, f"d{k % 5}.e{k % 4}"
        names = {"transcript": made.id, "framework": "bench", "engine": "local/1", "element": element}
        name = Evidence.make_id(**names, start=start, end=end, coding="")
        sure = (k * 37 % 100) / 100
        coding = {"stage_low": 1, "stage_high": 5, "confidence": sure}
        found.append(Evidence.model_validate({"id": name, **names, **coding, "quote": made.text[start:end], "start": start, "end": end}))
    return tuple(found)


def median(work: Callable[[], object], times: int = 15) -> float:
    """Milliseconds; the first call, which compiles the statement, is not counted."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def fill(store: Store) -> tuple[str, dict[str, float]]:
    """The use case, and medians of what it took to fill it."""
    use_case = store.add_use_case(store.add_organisation(f"Bench {uuid.uuid4()}").id, "5,000").id
    chart = framework()
    took: dict[str, list[float]] = {"add_transcript": [], "begin_run": [], "complete_run (84 pieces)": []}
    for n in range(TRANSCRIPTS):
        made, original = transcript(n)
        task = CodingTask(transcript=made, framework=chart, engine="local", engine_version="1")
        result = CodingResult(key=task.key, evidence=evidence(made))
        at = [time.perf_counter()]
        store.add_transcript(use_case, made, original)
        at.append(time.perf_counter())
        run = store.begin_run(use_case, task)
        at.append(time.perf_counter())
        store.complete_run(run.id, result)
        at.append(time.perf_counter())
        for name, begin, end in zip(took, at[:-1], at[1:], strict=True):
            took[name].append((end - begin) * 1000)
    return use_case, {name: statistics.median(values) for name, values in took.items()}


def last_cursor(store: Store, use_case: str) -> str | None:
    """The cursor of the last page but one."""
    cursor: str | None = None
    while True:
        page = store.evidence(use_case, cursor=cursor, limit=500)
        if page.next is None:
            return cursor
        cursor = page.next


def measure(url: str) -> None:
    """Fills a database and prints the figures."""
    start = time.perf_counter()
    with Store.open(url) as store:
        opened = (time.perf_counter() - start) * 1000
        use_case, figures = fill(store)
        if store.engine.dialect.name == "postgresql":
            # What the server does by itself within a minute: without statistics it plans badly.
            with store.engine.begin() as connection:
                connection.execute(text("ANALYZE"))
        proposed = EvidenceFilter(states=(EvidenceState.PROPOSED,))
        page = store.evidence(use_case, proposed, limit=1000)
        rest = iter(page.items)
        cursor = last_cursor(store, use_case)
        first = page.items[0]
        works: dict[str, Callable[[], object]] = {
            "open (up to date)": lambda: Store.open(url).close(),
            "first page of 50": lambda: store.evidence(use_case),
            "last page of 50": lambda: store.evidence(use_case, cursor=cursor),
            "page of 50, least sure first": lambda: store.evidence(use_case, proposed, order=EvidenceOrder.UNSURE_FIRST),
            "page of 50, one element": lambda: store.evidence(use_case, EvidenceFilter(elements=("d1.e1",))),
            "page of 50, text search": lambda: store.evidence(use_case, EvidenceFilter(text="NIGHT AND")),
            "page of 50, one reviewer": lambda: store.evidence(use_case, EvidenceFilter(reviewer="ann")),
            "counts by state": lambda: store.counts(use_case),
            "one item": lambda: store.evidence_item(use_case, first.evidence.id),
            "decide": lambda: store.decide(use_case, next(rest).evidence.id, "confirm", "ann", expected_last_decision=None),
            "decide, then next item": lambda: (
                store.decide(use_case, next(rest).evidence.id, "confirm", "ann", expected_last_decision=None),
                store.evidence(use_case, proposed, limit=1),
            ),
            "all evidence, folded": lambda: store.current_evidence(use_case),
        }
        figures = {"open (migrating)": opened} | figures | {name: median(work) for name, work in works.items()}
        pieces, files = sum(store.counts(use_case).values()), len(store.transcripts(use_case))
        print(f"\n{store.engine.dialect.name}: {pieces} pieces in {files} transcripts")
        for name, value in figures.items():
            print(f"  {name:32} {value:9.2f} ms")


def main() -> None:
    """All databases asked for."""
    parser = parser_of(__doc__)
    parser.add_argument("url", nargs="*", help="databases to fill and measure")
    if urls := parser.parse_args().url:
        for url in urls:
            measure(url)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'bench.sqlite3'}")
    server = os.environ.get("ASSISTANT_TEST_POSTGRES")
    if not server:
        print("PostgreSQL not measured: export ASSISTANT_TEST_POSTGRES=$(.ci/postgres.sh start)")
        return
    name = f"assistant_bench_{uuid.uuid4().hex}"
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            measure(make_url(server).set(database=name).render_as_string(hide_password=False))
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    main()
