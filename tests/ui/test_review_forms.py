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
