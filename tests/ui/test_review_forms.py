"""The forms of Review and of the reader: what was typed last is what is saved, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from ui_support import Project

import assistant.ui

APP = str(Path(assistant.ui.__file__).with_name("app.py"))


def run(page: str, **params: str) -> AppTest:
    at = AppTest.from_file(APP, default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    at.run()
    at.switch_page(f"app_pages/{page}.py").run()
    assert not at.exception, at.exception
    return at


def text(at: AppTest) -> str:
    return "\n".join(str(getattr(e, "body", "") or getattr(e, "value", "")) for kind in ("html", "markdown") for e in at.get(kind))


def labelled(fields: Any, label: str) -> Any:
    """The first field or button whose label begins so."""
    return next(f for f in fields if f.label.startswith(label))


def edit(project: Project, number: int, **params: str) -> AppTest:
    """The edit form of a piece."""
    at = run("review", uc=project.use_case.id, e=project.evidence[number].id, **params)
    return labelled(at.button, "Edit").click().run()


# ---------------------------------------------------------------- typed and pressed in one gesture


def test_words_typed_just_before_the_press_are_the_ones_saved(project: Project) -> None:
    at = edit(project, 1)
    labelled(at.text_area, "Words").set_value("there is no alert")
    labelled(at.button, "Save the edit").click().run()
    assert not at.exception
    decision = project.store.decisions(project.use_case.id)[0]
    assert (decision.after or {})["quote"] == "there is no alert"


def test_a_coding_chosen_just_before_the_press_is_the_one_saved(project: Project) -> None:
    at = edit(project, 1)
    labelled(at.selectbox, "Element").set_value("data.versioning")
    labelled(at.selectbox, "Status").set_value("planned")
    labelled(at.button, "Save the edit").click().run()
    after = project.store.decisions(project.use_case.id)[0].after or {}
    # The fields of the other element were never seen: the widest range, as they would have been drawn.
    assert (after["element"], after["status"], after["stage_low"], after["stage_high"]) == ("data.versioning", "planned", 1, 5)


def test_new_evidence_is_coded_as_chosen_just_before_the_press(project: Project) -> None:
    t, e = project.transcript, project.evidence[0]
    at = run("transcripts", uc=project.use_case.id, tv="Read", t=t.id)
    at.session_state["reader-selected"] = (t.id, e.start, e.start + 20)
    at.run()
    labelled([s for s in at.selectbox if str(s.key).startswith("new-")], "Element").set_value("data.versioning")
    labelled(at.selectbox, "Polarity").set_value("absent")
    labelled(at.button, "Add").click().run()
    assert not at.exception
    added = next(x for x in project.store.current_evidence(project.use_case.id) if x.engine == "person/local")
    assert (added.element, added.polarity.value) == ("data.versioning", "absent")


def test_stages_are_kept_while_they_are_moved(project: Project) -> None:
    at = edit(project, 0)
    statement = next(s for s in at.selectbox if s.label.startswith("Statement"))
    statement.set_value("").run()
    for span in ((2, 3), (1, 3), (1, 4)):
        labelled(at.select_slider, "Stages").set_value(span).run()
        assert labelled(at.select_slider, "Stages").value == span
    labelled(at.button, "Save the edit").click().run()
    after = project.store.decisions(project.use_case.id)[0].after or {}
    assert (after["stage_low"], after.get("stage_high", 4)) == (1, 4)


# ---------------------------------------------------------------- rejecting


def test_a_reason_of_ones_own_rejects_with_enter_or_the_button(project: Project) -> None:
    u, e = project.use_case.id, project.evidence[2]
    at = run("review", uc=u, e=e.id)
    labelled(at.button, "Reject").click().run()
    labelled(at.text_input, "Another reason").set_value("  it was a joke ")
    at.button(key=next(str(b.key) for b in at.button if "reason-form" in str(b.key))).click().run()
    assert [(d.action, d.reason) for d in project.store.decisions(u)] == [("reject", "it was a joke")]


def test_half_a_reason_rejects_nothing(project: Project) -> None:
    """The field's own change must not decide: it comes when the cursor leaves it, on the way to another button."""
    u, e = project.use_case.id, project.evidence[2]
    for leave, expected in (("Close", []), ("Accept", ["confirm"])):
        at = run("review", uc=u, e=e.id)
        labelled(at.button, "Reject").click().run()
        labelled(at.text_input, "Another reason").set_value("hm, not su")
        labelled(at.button, leave).click().run()
        assert not at.exception
        assert [d.action for d in project.store.decisions(u)] == expected


def test_an_empty_reason_is_asked_for(project: Project) -> None:
    at = run("review", uc=project.use_case.id)
    labelled(at.button, "Reject").click().run()
    at.button(key=next(str(b.key) for b in at.button if "reason-form" in str(b.key))).click().run()
    assert "needs a reason" in at.error[0].value
    assert not project.store.decisions(project.use_case.id)


# ---------------------------------------------------------------- somebody else was first


def test_a_stale_edit_keeps_the_words_and_says_them(project: Project) -> None:
    u, e = project.use_case.id, project.evidence[0]
    at = edit(project, 0)
    words = e.quote[3:40].strip()
    labelled(at.text_area, "Words").set_value(words)
    labelled(at.selectbox, "Status").set_value("past")
    project.store.decide(u, e.id, "unsure", "Bob")
    labelled(at.button, "Save the edit").click().run()
    assert "Not saved" in at.warning[0].value
    shown = next(str(h.body) for h in at.get("html") if "What you wanted" in str(h.body))
    assert words in shown
    assert project.framework.element(e.element).name in shown
    assert "start" not in shown
    # The form is filled in again, and the second press goes through.
    assert labelled(at.text_area, "Words").value == words
    assert labelled(at.selectbox, "Status").value == "past"
    labelled(at.button, "Save the edit").click().run()
    after = project.store.decisions(u, evidence=e.id)[-1].after or {}
    assert (after["quote"], after["status"]) == (words, "past")
