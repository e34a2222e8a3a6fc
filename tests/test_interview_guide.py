"""Guides: every question of the paper is there, every fault of a file is named, an edit changes the interview."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from interview_support import WordCoder, framework

from assistant.errors import FrameworkError
from assistant.interview import Conductor, list_guides, load_guide
from assistant.interview.engine import begin
from assistant.interview.gate import form_faults
from assistant.interview.guide import validate_guide
from assistant.interview.logs import MemoryLog
from assistant.resources import resource_file

SOURCE = Path(__file__).parent.parent.parent / "shared" / "sources" / "john-2025-mlops-adoption.txt"


def folded(text: str) -> str:
    return re.sub(r"[^\w?]+", " ", text.replace("-\n", "")).strip().casefold()


def appendix(begin_at: str, end_at: str) -> list[str]:
    """Questions of an appendix: bullets, their broken-off ends joined, sub-bullets with their head."""
    if not SOURCE.exists():
        pytest.skip("the paper's text is not beside this checkout")
    whole = SOURCE.read_text(encoding="utf-8")
    part = whole[whole.index(begin_at) : whole.index(end_at)]
    found: list[str] = []
    for line in part.splitlines():
        bullet = re.match(r"\s*-\s+(?!####|[A-Z][a-z]+$)(.+)", line)
        sub = re.match(r"\s+-\s+(\\\*|Any|Are any|Are there any)", line)
        if bullet and not (sub and found):
            found.append(bullet[1])
        elif line.strip() and found and not line.lstrip().startswith(("#", "-")) and re.match(r"[a-z]", line.strip()):
            found[-1] += " " + line.strip()
        elif sub and found:
            found[-1] += " " + re.sub(r"\\\*", "", line.strip(" -"))
    return found


def test_every_question_of_appendix_a_is_there() -> None:
    asked = appendix("### Appendix A", "## Appendix B")
    sources = [folded(q.source) for s in load_guide("john-2025-adoption").sections for q in s.questions]
    assert len(asked) > 60
    assert [a for a in asked if folded(a) not in sources] == []
    assert [s for s in sources if s not in {folded(a) for a in asked}] == []


def test_every_question_of_appendix_b_is_there() -> None:
    asked = [a for a in appendix("## Appendix B", "### Data availability") if not a.startswith("*")]
    guide = load_guide("john-2025-validation")
    instructions = [folded(s.instruction) for s in guide.sections if s.instruction]
    sources = [folded(q.source) for s in guide.sections for q in s.questions] + [folded(guide.closing.source or ""), *instructions]
    assert len(asked) > 14
    assert [a for a in asked if folded(a) not in sources] == []
    assert [s for s in sources if s not in {folded(a) for a in asked}] == []


@pytest.mark.parametrize("name", list_guides())
def test_guides_that_ship_are_sound(name: str) -> None:
    guide = load_guide(name)
    served = {e for item in guide.items for e in item.served}
    assert guide.citation
    assert guide.objective
    if name == "john-2025-adoption":
        assert served == {e.id for e in framework().elements}
        assert {i.priority for i in guide.items} == {"introduction", "main", "supplementary"}
    for item in guide.items:
        assert form_faults(item.text, framework=framework()) == [], item.text


def test_a_question_of_many_parts_keeps_its_source() -> None:
    guide = load_guide()
    item = guide.by_key["data.collection/api"]
    assert item.question.source.startswith("How do you currently collect data? What are your data sources?")
    assert len(item.question.parts) == 5


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("minutes: 1.5", "minuts: 1.5", r"line \d+, key sections\[0\].*did you mean 'minutes'"),
        ("elements: [organisation.roles]", "elements: [organisation.rolls]", "there is no element 'organisation.rolls'.*did you mean"),
        ("- id: intro.team", "- id: intro.role", "question id 'intro.role' is used twice"),
        ('text: "How do you currently collect data?', 'text: "Do you collect data automatically?', "is not an open question"),
        ('text: "Which ML or DL domains do your tasks belong to?', 'text: "How far are you from Kaizen MLOps?', "names the stage"),
        ('text: "What are your data sources?', 'text: "What are your data sources, and who owns them?', "two things at once"),
        ("language: en", "language: de", "not allowed for 'language'"),
        ("framework: john-2025", "framework: john-2052", "there is no framework"),
    ],
)
def test_a_broken_guide_says_where_and_what_to_do(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = resource_file("frameworks", "guides/john-2025-adoption.yaml").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    errors = validate_guide(path)
    assert any(re.search(message, str(e), re.DOTALL) for e in errors), list(map(str, errors))
    assert all(e.remedy for e in errors)
    with pytest.raises(FrameworkError):
        load_guide(path)


def test_no_such_guide() -> None:
    with pytest.raises(FrameworkError, match="did you mean 'john-2025-adoption'"):
        load_guide("john-2025-adaption")


def test_an_edit_changes_the_interview_and_not_one_under_way(tmp_path: Path) -> None:
    text = resource_file("frameworks", "guides/john-2025-adoption.yaml").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    changed = "What brought you to your present work?"
    path.write_text(text.replace("{id: role, elements", f'{{id: role, text: "{changed}", elements', 1), encoding="utf-8")
    log = MemoryLog()
    begin(log, load_guide(path), framework())
    path.write_text("id: gone", encoding="utf-8")
    made = Conductor(log, framework(), WordCoder(framework()))
    ledger = made.consent(made.consent_text(), by="x")
    assert ledger.pending is not None
    assert ledger.pending.text == changed
