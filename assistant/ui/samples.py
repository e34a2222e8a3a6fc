"""First start: the seven synthetic sample interviews as use cases of one organisation, so that a newcomer sees real content at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from assistant.frameworks import load_framework
from assistant.resources import resource_dir
from assistant.store import Store
from assistant.transcripts import READABLE, read_transcript
from assistant.ui.jobs import Jobs

ORGANISATION: Final = "Sample companies (synthetic)"
BY: Final = "samples"


def sample_files() -> list[Path]:
    """The sample transcripts of this installation, in order."""
    return sorted(p for p in resource_dir("transcripts").iterdir() if p.suffix in READABLE and p.stem.lower() != "readme")


def is_new(store: Store) -> bool:
    """Whether the database holds no organisation at all, archived or not."""
    return not store.organisations(archived=True)


def create(store: Store) -> tuple[str, ...]:
    """The sample use cases with their transcripts, not coded yet; their ids. Raises AssistantError where the samples are missing."""
    ids = []
    with store.unit():
        owner = store.add_organisation(ORGANISATION, by=BY)
        for path in sample_files():
            data = path.read_bytes()
            letter, _, domain = path.stem.partition("-")
            use_case = store.add_use_case(owner.id, f"Company {letter.upper()}: {domain.replace('-', ' ')}", by=BY)
            store.add_transcript(use_case.id, read_transcript(data, name=path.name), data, by=BY)
            ids.append(use_case.id)
    return tuple(ids)


def code(store: Store, jobs: Jobs, framework_id: str) -> None:
    """Codes every sample that is not coded yet, in the background; begun again where an earlier start was killed."""
    framework = load_framework(framework_id)
    owner = next((o for o in store.organisations() if o.name == ORGANISATION), None)
    if owner is None:
        return
    for use_case in store.use_cases(owner.id):
        if any(event.actor != BY for event in store.audit(use_case=use_case.id, limit=1)[0]):
            # Somebody works with it: what is coded there is theirs to say.
            continue
        open_ = tuple(info.id for info in store.transcripts(use_case.id) if not store.runs(use_case.id, transcript=info.id))
        interrupted = tuple(r.transcript for r in store.runs(use_case.id) if r.state == "running" and r.transcript not in open_)
        if open_ or interrupted:
            jobs.submit(use_case.id, (*open_, *interrupted), framework, "local", BY)
