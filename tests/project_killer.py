"""`assistant project code`, killed by SIGKILL at its n-th statement or commit, for every n; then run again and compared.

    python project_killer.py all [STEP]           every STEP-th place; prints one JSON line
    python project_killer.py once N ARGUMENTS...  one command in this process, killed at place N

The database and data folder are those of the settings. Every n has a project of its own. The killed command runs in a forked
child, where the model is loaded already and known sentences keep their vectors; nothing of this is in the product.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from itertools import count
from pathlib import Path

from killing import arm, in_child
from pipeline_support import SHORT

from assistant.cli.app import run
from assistant.cli.project import find
from assistant.embeddings import LocalEmbedder, Matrix
from assistant.extraction import engines
from assistant.models import EvidenceState
from assistant.settings import get_settings
from assistant.store import EvidenceFilter, Store


def remember_vectors() -> None:
    """One embedder for all children that keeps the vector of every text it has seen."""
    genuine = LocalEmbedder.embed
    known: dict[str, Matrix] = {}

    def embed(self: LocalEmbedder, texts: Sequence[str]) -> Matrix:
        import numpy as np

        for text in texts:
            if text not in known:
                known[text] = genuine(self, [text])[0]
        return np.stack([known[t] for t in texts])

    LocalEmbedder.embed = embed  # type: ignore[method-assign]
    engines.make_embedder(get_settings())


def command(*arguments: str) -> int:
    with open(os.devnull, "w") as silence, redirect_stdout(silence), redirect_stderr(silence):
        return run(list(arguments))


def armed(place: int, name: str) -> Callable[[], int]:
    def work() -> int:
        arm(place)
        return command("project", "code", name)

    return work


def snapshot(store: Store, name: str) -> dict[str, object]:
    """All that a project holds, without ids of rows and times."""
    use_case = find(store, name).id
    wanted = EvidenceFilter(states=tuple(EvidenceState), outdated=None)
    items = store.evidence(use_case, wanted, limit=1000).items
    return {
        "transcripts": [[t.id, store.original(use_case, t.id).decode()] for t in store.transcripts(use_case)],
        "runs": sorted([r.transcript, r.state, r.evidence, r.rejections] for r in store.runs(use_case)),
        "found": sorted(e.id for r in store.runs(use_case) for e in store.run_evidence(r.id)),
        "evidence": sorted([i.evidence.id, i.evidence.state, i.evidence.quote] for i in items),
    }


def torture(folder: Path, step: int) -> dict[str, object]:
    """How many places there were, what was wrong, and how much one project holds."""
    files = []
    for n in range(2):
        path = folder / f"talk{n}.txt"
        path.write_text(SHORT.replace("Porto", f"Porto {n}"), encoding="utf-8")
        files.append(str(path))

    def prepare(name: str) -> None:
        assert command("project", "create", name) == 0
        assert command("project", "add", name, *files) == 0

    remember_vectors()
    url = get_settings().resolved_database_url
    prepare("Kill/whole")
    assert command("project", "code", "Kill/whole") == 0
    with Store.open(url) as store:
        expected = snapshot(store, "Kill/whole")
    wrong: list[str] = []
    places = 0
    for place in count(0, step):
        name = f"Kill/at {place}"
        prepare(name)
        killed = in_child(armed(place, name))
        with Store.open(url) as store:
            between = snapshot(store, name)
        if between["transcripts"] != expected["transcripts"]:
            wrong.append(f"a transcript was lost by a kill at {place}")
        if any(run not in expected["runs"] for run in between["runs"] if run[1] == "done"):  # type: ignore[attr-defined, operator]
            wrong.append(f"half a run counted as done after a kill at {place}")
        for again in range(2):
            in_child(lambda name=name: command("project", "code", name))  # type: ignore[misc]
            with Store.open(url) as store:
                after = snapshot(store, name)
            if after != expected:
                wrong.append(f"run {again + 1} after a kill at {place}: {after} instead of {expected}")
            if place % 5:
                break
        if not killed:
            break
        places += 1
    with Store.open(url) as store:
        wrong += [f"{finding.problem}: {finding.subject}" for finding in store.check()]
    return {"places": places, "wrong": wrong, "evidence": len(expected["evidence"])}  # type: ignore[arg-type]


if __name__ == "__main__":
    if sys.argv[1] == "once":
        arm(int(sys.argv[2]))
        sys.exit(run(sys.argv[3:]))
    print(json.dumps(torture(Path.cwd(), int(sys.argv[2]) if len(sys.argv) > 2 else 1)))
