"""What a person codes fits together, and an edit changes what was changed and nothing else."""

from __future__ import annotations

import pytest
from test_review_forms import edit, labelled, run
from ui_support import Project

from assistant.errors import InputError
from assistant.models import EvidenceState, Polarity, Status
from assistant.store import EvidenceEdit
from assistant.ui.access import AppRole, User
from assistant.ui.services import reviewing, transcripts
from assistant.ui.services.transcripts import Coding

EVA = User("Eva", AppRole.ASSESSOR)


def test_an_edit_that_touches_nothing_changes_nothing(project: Project) -> None:
    """A piece may be sure of less than the whole run of its statement: operations.monitoring has one for stages 1 and 2."""
    e = project.evidence[1]
    statement = project.framework.element(e.element).statement(e.statement or "")
    assert statement is not None
    assert (statement.stage_low, statement.stage_high, e.stage_low, e.stage_high) == (1, 2, 2, 2)
    at = edit(project, 1)
    labelled(at.button, "Save the edit").click().run()
    assert "changes nothing" in at.error[0].value
    assert not project.store.decisions(project.use_case.id)


def test_an_edit_of_the_words_alone_keeps_the_coding(project: Project) -> None:
    start, end = project.evidence[1].start, project.evidence[1].end
    at = edit(project, 1)
    labelled(at.text_area, "Words").set_value("there is no alert").run()
    labelled(at.button, "Save the edit").click().run()
    after = project.store.decisions(project.use_case.id)[0].after or {}
    assert after["start"] < after["end"] <= end
    assert start < after["start"]
    assert not {"stage_low", "stage_high", "statement", "polarity", "codes"} & set(after)


def test_what_is_absent_has_no_statement(project: Project) -> None:
    s, u, f, e = project.store, project.use_case.id, project.framework, project.evidence[0]
    high = f.element("data.versioning").statements[-1].id
    coding = Coding("data.versioning", 1, 5, high, Polarity.ABSENT, Status.CURRENT)
    assert coding.span(f) == (None, 1, 1)
    added = transcripts.add_evidence(EVA, s, u, f, project.transcript.id, e.start, e.end, coding).evidence
    assert (added.statement, added.stage_low, added.stage_high) == (None, 1, 1)
    at = edit(project, 1)
    labelled(at.selectbox, "Polarity").set_value("absent").run()
    assert not [x for x in at.selectbox if x.label.startswith("Statement")]
    labelled(at.button, "Save the edit").click().run()
    after = s.decisions(u, evidence=project.evidence[1].id)[0].after or {}
    assert (after["polarity"], after["statement"], after["stage_low"], after["stage_high"]) == ("absent", None, 1, 1)


def test_a_code_is_not_both_present_and_absent(project: Project) -> None:
    s, u, f, e = project.store, project.use_case.id, project.framework, project.evidence[0]
    coding = Coding("data.versioning", 1, 5, None, Polarity.PRESENT, Status.CURRENT, ("D2", "!D2"))
    with pytest.raises(InputError, match="both present and absent"):
        transcripts.add_evidence(EVA, s, u, f, project.transcript.id, e.start, e.end, coding)
    with pytest.raises(InputError, match="both present and absent"):
        reviewing.decide(EVA, s, u, e.id, "edit", edit=EvidenceEdit(codes=("!D2", "D2")))
    at = edit(project, 0)
    labelled(at.multiselect, "Practice codes").set_value(["D2", "!D2"]).run()
    assert "both present and absent" in at.warning[0].value
    labelled(at.button, "Save the edit").click().run()
    assert "both present and absent" in at.error[0].value
    assert not s.decisions(u)


def test_adding_again_what_was_rejected_says_so_and_opens_it(project: Project) -> None:
    s, u, f, t, e = project.store, project.use_case.id, project.framework, project.transcript, project.evidence[3]
    first = f.elements[0].id
    coding = Coding(first, 1, len(f.stages), None, Polarity.PRESENT, Status.CURRENT)
    local = User("local", AppRole.ADMIN)
    added = transcripts.add_evidence(local, s, u, f, t.id, e.start, e.end, coding).evidence
    reviewing.decide(local, s, u, added.id, "reject", reason="no")
    at = run("transcripts", uc=u, tv="Read", t=t.id)
    at.session_state["reader-selected"] = (t.id, e.start, e.end)
    at.run()
    labelled(at.button, "Add").click().run()
    assert s.evidence_item(u, added.id).evidence.state is EvidenceState.REJECTED
    assert [x.value for x in at.toast] == ["This is here already: rejected"]
    assert [b for b in at.button if b.label == "Review it"]
