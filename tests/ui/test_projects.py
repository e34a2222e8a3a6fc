"""Home, uploads, interviews and frozen assessments: what was typed last counts, what others did meanwhile shows, nothing is lost."""

from __future__ import annotations

import threading

import pytest
from streamlit.testing.v1 import AppTest
from test_jobs import FakeEngine, add, wait
from test_pages import run, text
from ui_support import Project, teams_vtt

from assistant.errors import AssistantError, InputError, SettingsError, StaleEditError
from assistant.frameworks import load_framework
from assistant.models import Assessment, Evidence, Framework
from assistant.settings import get_settings
from assistant.transcripts import read_transcript
from assistant.ui import preferences, state
from assistant.ui.access import AppRole, User
from assistant.ui.jobs import Jobs, JobState
from assistant.ui.services import assessing, projects
from assistant.ui.state import AssessmentView, TranscriptsView

EVA = User("Eva", AppRole.ASSESSOR)


def confirm(project: Project, *evidence: Evidence) -> None:
    for one in evidence:
        project.store.decide(project.use_case.id, one.id, "confirm", reviewer="Bob")


def assessed(project: Project, framework: Framework | None = None) -> Assessment:
    return assessing.assess(EVA, project.store, project.use_case.id, framework or project.framework, "confirmed")


# ---------------------------------------------------------------- what was typed last counts: fields and button in one gesture


def test_a_name_that_was_typed_as_rename_is_pressed(project: Project) -> None:
    at, u = run(), project.use_case.id
    at.text_input(key=f"uc-name-{u}-Fraud scoring").set_value("Fraud")
    at.button(key=f"uc-rename-{u}").click().run()
    assert project.store.use_case(u).name == "Fraud"
    owner = project.use_case.organisation
    at.text_input(key=f"org-name-{owner}-Acme").set_value("Acme Ltd")
    at.button(key=f"org-rename-{owner}").click().run()
    assert project.store.organisation(owner).name == "Acme Ltd"


def upload(project: Project) -> AppTest:
    at = run("transcripts", uc=project.use_case.id, tv=TranscriptsView.ADD.value)
    at.file_uploader(key="upload-0").upload("new.vtt", teams_vtt("Nora Vik")).run()
    assert not at.exception
    return at


def field(at: AppTest, label: str) -> str:
    return next(str(f.key) for f in at.text_input if f.label == label)


def test_a_function_that_was_typed_as_save_is_pressed(project: Project) -> None:
    at = upload(project)
    at.text_input(key=field(at, "Function of Nora Vik")).set_value("ML engineer")
    at.button(key="save-files").click().run()
    assert not at.exception
    assert {p.name: p.role for p in project.store.participants(project.use_case.id)}["Nora Vik"] == "ML engineer"


def test_who_interviews_that_was_set_as_save_is_pressed(project: Project) -> None:
    at = upload(project)
    box = next(m for m in at.multiselect if m.label == "Who interviews")
    box.set_value(["Nora Vik"])
    at.button(key="save-files").click().run()
    assert not at.exception
    added = project.store.transcript(project.use_case.id, project.store.transcripts(project.use_case.id)[-1].id)
    assert {t.speaker: t.role.value for t in added.turns} == {"Ines Falk": "respondent", "Nora Vik": "interviewer"}


def test_a_participant_that_was_described_as_save_is_pressed(project: Project) -> None:
    at, u = run("transcripts", uc=project.use_case.id), project.use_case.id
    person = project.store.participants(u)[0]
    at.text_input(key=f"person-role-{person.id}-{person.role}").set_value("Boss")
    at.button(key=f"person-save-{person.id}").click().run()
    assert project.store.participants(u)[0].role == "Boss"


def test_fields_show_what_somebody_else_has_changed_since(project: Project) -> None:
    u = project.use_case.id
    at = run("transcripts", uc=u)
    person = project.store.participants(u)[0]
    projects.describe_participant(EVA, project.store, person.id, name="Beate Lund", role="Lead")
    at.run()
    at.button(key=f"person-save-{person.id}").click().run()
    assert (project.store.participants(u)[0].name, project.store.participants(u)[0].role) == ("Beate Lund", "Lead")


# ---------------------------------------------------------------- home


def test_a_refused_form_keeps_what_was_typed(project: Project) -> None:
    at = run()
    at.text_input(key="new-name").set_value("A long careful name")
    next(b for b in at.button if b.label == "Create").click().run()
    assert at.error
    assert at.text_input(key="new-name").value == "A long careful name"
    at.selectbox(key="new-organisation").set_value("Acme")
    next(b for b in at.button if b.label == "Create").click().run()
    assert not at.error
    assert at.text_input(key="new-name").value == ""
    assert "A long careful name" in text(at)


def test_an_archived_use_case_opens_and_an_archived_organisation_takes_no_new_one(project: Project) -> None:
    u, owner = project.use_case.id, project.use_case.organisation
    other = project.store.add_use_case(owner, "Churn").id
    projects.archive_use_case(EVA, project.store, u, True)
    at = run(uc=u)
    assert at.session_state[state.KEY].use_case == u, "not another one in its place"
    assert at.selectbox(key="use-case").value == u
    assert run().session_state[state.KEY].use_case == other, "nobody lands on an archived one"
    projects.archive_organisation(EVA, project.store, owner, True)
    with pytest.raises(InputError, match="archived"):
        projects.create(EVA, project.store, "Acme", "Invisible")


def test_progress_is_that_of_the_framework_on_the_page(project: Project) -> None:
    confirm(project, *project.evidence)
    at = run(uc=project.use_case.id)
    assert "6 of 6 reviewed" in text(at)
    at = run(uc=project.use_case.id, fw="google-mlops")
    assert "reviewed" not in text(at)
    assert "0 of 1 coded" in text(at)


def test_another_framework_leaves_no_filter_behind_that_it_does_not_know(project: Project) -> None:
    at = run("frameworks", uc=project.use_case.id, qe="data.versioning")
    assert at.session_state[state.KEY].queue.element == "data.versioning"
    at.selectbox(key="framework").set_value("google-mlops").run()
    assert at.session_state[state.KEY].queue.element is None


def test_settings_that_somebody_damaged_are_an_error_in_words(project: Project) -> None:
    path = get_settings().data_dir / preferences.FILE
    path.write_text('{"engine": "abacus"}')
    with pytest.raises(SettingsError, match="cannot be read"):
        preferences.load(get_settings())
    at = run("settings", uc=project.use_case.id)
    assert "cannot be read" in at.error[0].value


# ---------------------------------------------------------------- freezing and comparing


def test_what_is_frozen_is_what_was_seen(project: Project) -> None:
    u = project.use_case.id
    confirm(project, project.evidence[0])
    at = run("assessment", uc=u, av=AssessmentView.FROZEN.value, n="confirmed")
    confirm(project, project.evidence[1])
    at.text_input(key="freeze-name").set_value("November")
    next(b for b in at.button if b.label == "Freeze").click().run()
    assert not project.store.assessments(u)
    assert "since this result was drawn" in at.error[0].value
    assert at.text_input(key="freeze-name").value == "November"
    next(b for b in at.button if b.label == "Freeze").click().run()
    assert [a.label for a in project.store.assessments(u)] == ["November"]
    kept = project.store.assessments(u)[0].assessment.evidence
    assert {e.id for e in kept if e.state.value == "confirmed"} == {e.id for e in project.evidence[:2]}
    assert at.text_input(key="freeze-name").value == ""


def test_a_stale_result_is_refused_by_the_service_with_both_versions(project: Project) -> None:
    confirm(project, project.evidence[0])
    seen = assessed(project)
    confirm(project, project.evidence[1])
    with pytest.raises(StaleEditError) as refused:
        assessing.freeze(EVA, project.store, project.use_case.id, project.framework, seen, "November")
    assert isinstance(refused.value.current, Assessment)
    assert refused.value.current.hash == assessed(project).hash
    assert refused.value.attempted == seen


def test_a_frozen_assessment_keeps_the_stages_of_its_own_framework(project: Project) -> None:
    u = project.use_case.id
    confirm(project, project.evidence[0])
    for e in project.framework.elements:
        if e.id == project.evidence[0].element:
            continue
        project.store.decide_element(u, project.framework.id, e.id, "not_applicable", reviewer="Bob", reason="out of scope")
    frozen = assessing.freeze(EVA, project.store, u, project.framework, assessed(project), "November")
    overall = frozen.assessment.overall
    assert overall.sufficient
    assert overall.stage is not None
    name = project.framework.stage_name(overall.stage)
    other = load_framework("google-mlops")
    shown = text(run("assessment", uc=u, fw=other.id, av=AssessmentView.FROZEN.value, n="confirmed"))
    assert f"with another framework: {name}" in shown
    assert not any(s.name in shown for s in other.stages if s.name != name)
    with pytest.raises(AssistantError, match="different frameworks"):
        assessing.compare(EVA, project.store, u, frozen.assessment, assessed(project, other))


# ---------------------------------------------------------------- assessment


def test_readers_see_who_said_it_as_a_pseudonym(project: Project) -> None:
    reader = User("Rea", AppRole.READER)
    (person,) = (p for p in project.store.participants(project.use_case.id) if p.name == "Bea Lund")
    found = projects.pseudonyms(reader, project.store, project.use_case.id)
    assert found[project.transcript.id, "Bea Lund"] == person.pseudonym
    confirm(project, project.evidence[0])
    at = run("assessment", uc=project.use_case.id, av=AssessmentView.TRACE.value, n="confirmed", el=project.evidence[0].element)
    assert f"{person.pseudonym} ·" in text(at)


def test_what_was_supposed_for_one_use_case_is_not_supposed_for_another(project: Project) -> None:
    u, element = project.use_case.id, project.framework.elements[0]
    other = project.store.add_use_case(project.use_case.organisation, "Churn").id
    data = teams_vtt("Nora Vik")
    project.store.add_transcript(other, read_transcript(data, name="b.vtt"), data)
    at = run("assessment", uc=u, av=AssessmentView.WHAT_IF.value, n="all")
    at.radio(key=f"suppose-{u}-{project.framework.id}-{element.id}").set_value(element.statements[-1].id).run()
    assert "with 1 supposed" in text(at)
    at.selectbox(key="use-case").set_value(other).run()
    assert not at.exception
    assert "supposed" not in text(at).replace("nothing is supposed yet", "")


# ---------------------------------------------------------------- the coding worker


def test_jobs_that_wait_go_on_after_a_defect_in_another(project: Project) -> None:
    first, second = add(project, 2)
    other = project.store.add_use_case(project.use_case.organisation, "Churn").id
    data = teams_vtt("Nora Vik")
    project.store.add_transcript(other, read_transcript(data, name="b.vtt"), data)
    theirs = project.store.transcripts(other)[0].id
    engine, begun = FakeEngine(), threading.Event()

    def broken(name: str, framework: Framework, use_case: str) -> FakeEngine:
        if use_case == project.use_case.id:
            begun.wait(10)
            raise ZeroDivisionError("a defect")
        return engine

    jobs = Jobs(project.store, broken)
    jobs.submit(project.use_case.id, (first, second), project.framework, "local", "Eva")
    jobs.submit(other, (theirs,), project.framework, "local", "Eva")
    engine.gate.release()
    threading.excepthook, kept = (lambda _: None), threading.excepthook
    try:
        begun.set()
        assert wait(jobs, project.use_case.id, lambda j: not j.active).state is JobState.FAILED
        assert wait(jobs, other, lambda j: not j.active).state is JobState.DONE
    finally:
        threading.excepthook = kept


def test_what_only_waits_is_cancelled_at_once(project: Project) -> None:
    (first,) = add(project, 1)
    other = project.store.add_use_case(project.use_case.organisation, "Churn").id
    engine = FakeEngine()
    jobs = Jobs(project.store, lambda *_: engine)
    jobs.submit(project.use_case.id, (first,), project.framework, "local", "Eva")
    wait(jobs, project.use_case.id, lambda j: j.state is JobState.RUNNING)
    jobs.submit(other, ("t-none",), project.framework, "local", "Eva")
    jobs.cancel(other)
    job = jobs.of(other)
    assert job is not None
    assert job.state is JobState.CANCELLED
    engine.gate.release()
    assert wait(jobs, project.use_case.id, lambda j: not j.active).state is JobState.DONE
    assert wait(jobs, other, lambda j: True).state is JobState.CANCELLED, "its turn came and went"


def test_a_transcript_that_was_withdrawn_meanwhile_does_not_stop_the_others(project: Project) -> None:
    first, second = add(project, 2)
    interview = next(i.interview for i in project.store.transcripts(project.use_case.id) if i.id == first)
    engine = FakeEngine()
    engine.gate.release(2)
    project.store.erase_interview(interview, "Eva", "withdrawn by the respondent")
    jobs = Jobs(project.store, lambda *_: engine)
    jobs.submit(project.use_case.id, (first, second), project.framework, "local", "Eva")
    job = wait(jobs, project.use_case.id, lambda j: not j.active)
    assert (job.state, job.done) == (JobState.DONE, 2)
    assert [name for name, _ in job.errors] == [first]
    assert [r.state.value for r in project.store.runs(project.use_case.id, transcript=second)] == ["done"]


# ---------------------------------------------------------------- lists to choose from


def test_transcripts_of_one_name_can_each_be_chosen(project: Project) -> None:
    data = teams_vtt("Nora Vik")
    project.store.add_transcript(project.use_case.id, read_transcript(data, name="talk.vtt"), data)
    first, second = (t.id for t in project.store.transcripts(project.use_case.id))
    at = run("transcripts", uc=project.use_case.id, tv=TranscriptsView.READ.value)
    for wanted in (second, first):
        at.selectbox(key="reader-transcript").set_value(wanted).run()
        assert at.session_state[state.KEY].transcript == wanted
