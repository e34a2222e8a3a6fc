"""Every page and state through the entry point, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from ui_support import Project, teams_vtt

import assistant.ui
from assistant.errors import InputError
from assistant.models import EvidenceState, GroupRating, Polarity, Role, Sensitivity, Status
from assistant.pipeline import score_use_case
from assistant.transcripts import read_transcript
from assistant.ui import parts, state
from assistant.ui.access import AppRole, User
from assistant.ui.services import assessing, reviewing, transcripts
from assistant.ui.services.transcripts import Coding
from assistant.ui.state import AppState, AssessmentView, ReviewView, TranscriptsView
from assistant.ui.views import resulting, uploading

EVA = User("Eva", AppRole.ASSESSOR)

APP = str(Path(assistant.ui.__file__).with_name("app.py"))


def run(page: str = "home", **params: str) -> AppTest:
    at = AppTest.from_file(APP, default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception, at.exception
    if page != "home":
        # Streamlit drops the address's parameters when the page changes: the state read them on the first run.
        at.switch_page(f"app_pages/{page}.py").run()
    assert not at.exception, at.exception
    return at


def text(at: AppTest) -> str:
    """All HTML and Markdown of the page."""
    return "\n".join(str(getattr(e, "body", "") or getattr(e, "value", "")) for kind in ("html", "markdown") for e in at.get(kind))


def test_first_visit_says_what_to_do() -> None:
    at = run()
    assert "Create the first use case" in at.info[0].value
    assert "Drag Teams" in text(at)


@pytest.mark.parametrize("page", ["transcripts", "review", "assessment"])
def test_pages_without_a_use_case_say_so(page: str) -> None:
    assert "Create a use case" in run(page).info[0].value


def test_create_rename_archive(project: Project) -> None:
    at = run()
    at.selectbox(key="new-organisation").set_value("Acme")
    at.text_input(key="new-name").set_value("Churn")
    next(b for b in at.button if b.label == "Create").click().run()
    assert not at.exception
    assert {u.name for u in project.store.use_cases()} == {"Fraud scoring", "Churn"}
    u = project.use_case.id
    at.text_input(key=f"uc-name-{u}-Fraud scoring").set_value("Fraud").run()
    at.button(key=f"uc-rename-{u}").click().run()
    assert project.store.use_case(u).name == "Fraud"
    at.button(key=f"uc-archive-{u}").click().run()
    assert project.store.use_case(u).archived


def test_a_taken_name_is_refused_in_words(project: Project) -> None:
    at = run()
    at.selectbox(key="new-organisation").set_value("Acme")
    at.text_input(key="new-name").set_value("Fraud scoring")
    next(b for b in at.button if b.label == "Create").click().run()
    assert "already" in at.error[0].value


@pytest.mark.parametrize("view", list(TranscriptsView))
def test_transcripts_in_every_part(project: Project, view: TranscriptsView) -> None:
    at = run("transcripts", uc=project.use_case.id, tv=view.value)
    assert not at.error
    assert "Fraud scoring" in text(at)


def test_search_by_word(project: Project) -> None:
    at = run("transcripts", uc=project.use_case.id, tv=TranscriptsView.SEARCH.value)
    at.text_input(key="search-text").set_value("dashboard").run()
    at.button_group(key="search-how").set_value("by word").run()
    assert "<mark>dashboard</mark>" in text(at)
    at.text_input(key="search-text").set_value("nobody said this").run()
    assert "<mark>" not in text(at)
    assert "Nothing found" in at.info[0].value


def test_search_by_meaning_sets_the_near_apart_from_what_is_only_nearest(project: Project) -> None:
    at = run("transcripts", uc=project.use_case.id, tv=TranscriptsView.SEARCH.value)
    at.text_input(key="search-text").set_value("deploying the model manually to the server").run()
    assert at.caption[-1].value.endswith(("place", "places"))
    assert "copy it to the server by hand" in text(at).split("<mark>")[1].split("</mark>")[0]
    assert "distant" in at.expander[0].label
    at.text_input(key="search-text").set_value("xyzzy").run()
    assert "No answer is close" in at.info[0].value
    assert "distant" in at.expander[0].label


def test_what_is_marked_in_a_transcript_stays_over_a_reload(project: Project) -> None:
    e = project.evidence[1]
    at = run("transcripts", uc=project.use_case.id, tv=TranscriptsView.READ.value)
    at.selectbox(key="reader-element").set_value(e.element).run()
    at.button_group(key="reader-states").set_value([EvidenceState.REJECTED]).run()
    address = state.to_address(at.session_state[state.KEY])
    again = run("transcripts", **address)
    assert again.selectbox(key="reader-element").value == e.element
    assert again.button_group(key="reader-states").value == [EvidenceState.REJECTED]
    again.button_group(key="reader-states").set_value([]).run()
    bare = run("transcripts", **state.to_address(again.session_state[state.KEY]))
    assert bare.button_group(key="reader-states").value == []
    assert not bare.exception


@pytest.mark.parametrize("view", list(ReviewView))
def test_review_in_every_part(project: Project, view: ReviewView) -> None:
    at = run("review", uc=project.use_case.id, rv=view.value)
    assert not at.error


def accept(at: AppTest) -> AppTest:
    return next(b for b in at.button if b.label == "Accept").click().run()


def test_review_accepts_and_moves_on_and_undoes(project: Project) -> None:
    at = run("review", uc=project.use_case.id)
    assert project.evidence[0].quote in text(at).replace("&#x27;", "'")
    accept(at)
    assert not at.exception
    u, first = project.use_case.id, project.evidence[0].id
    assert project.store.evidence_item(u, first).evidence.state == "confirmed"
    assert first not in text(at)
    next(b for b in at.button if b.label == "Undo").click().run()
    assert project.store.evidence_item(u, first).evidence.state == "proposed"
    assert first in text(at)


def test_reject_asks_for_a_reason(project: Project) -> None:
    at = run("review", uc=project.use_case.id)
    next(b for b in at.button if b.label == "Reject").click().run()
    next(b for b in at.button if b.label == "Does not say so").click().run()
    decision = project.store.decisions(project.use_case.id)[0]
    assert (decision.action, decision.reason) == ("reject", "Does not say so")


def test_edit_changes_the_words_and_refuses_what_was_not_said(project: Project) -> None:
    first = project.evidence[0]
    at = run("review", uc=project.use_case.id)
    next(b for b in at.button if b.label == "Edit").click().run()
    words = next(t for t in at.text_area if t.label.startswith("Words"))
    words.set_value("never said").run()
    next(b for b in at.button if b.label.startswith("Save the edit")).click().run()
    assert "not in the answer" in at.error[0].value
    next(t for t in at.text_area if t.label.startswith("Words")).set_value(first.quote[:30]).run()
    next(b for b in at.button if b.label.startswith("Save the edit")).click().run()
    decision = project.store.decisions(project.use_case.id)[0]
    assert decision.action == "edit"
    assert (decision.after or {})["quote"] == first.quote[:30].strip()


def test_a_stale_decision_is_refused_with_both_versions(project: Project) -> None:
    at = run("review", uc=project.use_case.id)
    project.store.decide(project.use_case.id, project.evidence[0].id, "reject", "Eva", reason="hearsay")
    accept(at)
    assert "Not saved" in at.warning[0].value
    assert "As it is now by" in text(at)
    assert "Eva" in text(at)
    assert project.store.evidence_item(project.use_case.id, project.evidence[0].id).evidence.state == "rejected"


def test_a_finished_queue_says_so(project: Project) -> None:
    for e in project.evidence:
        project.store.decide(project.use_case.id, e.id, "confirm", "Eva")
    assert "Nothing is left" in run("review", uc=project.use_case.id).success[0].value


@pytest.mark.parametrize("view", list(AssessmentView))
@pytest.mark.parametrize("counted", ["confirmed", "all"])
def test_assessment_in_every_part(project: Project, view: AssessmentView, counted: str) -> None:
    project.store.decide(project.use_case.id, project.evidence[0].id, "confirm", "Eva")
    at = run("assessment", uc=project.use_case.id, av=view.value, n=counted)
    assert not at.error
    assert bool(at.warning) == (counted == "all")


def test_frozen_ones_are_listed_opened_and_compared(project: Project) -> None:
    s, u, f = project.store, project.use_case.id, project.framework
    s.decide(u, project.evidence[0].id, "confirm", "Eva")
    frozen = s.freeze_assessment(u, score_use_case(s, u, f).assessment, f, by="Eva", label="First")
    s.decide(u, project.evidence[1].id, "confirm", "Eva")
    at = run("assessment", uc=u, av="Frozen")
    assert "First" in text(at)
    assert "confirmed by" in text(at)
    at.button(key=f"frozen-{frozen.id}").click().run()
    assert "recomputes to the byte" in text(at)


@pytest.mark.parametrize("page", ["frameworks", "settings"])
def test_other_pages(project: Project, page: str) -> None:
    at = run(page, uc=project.use_case.id)
    assert not at.error


def test_settings_never_show_or_keep_a_key(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    at = run("settings")
    next(b for b in at.button if b.label == "Save").click().run()
    assert "sk-very-secret" not in str(at)
    assert not any(b"sk-very-secret" in p.read_bytes() for p in (tmp_path / "data").rglob("*") if p.is_file())


@pytest.mark.parametrize(
    "params", [{"uc": "nothing"}, {"e": "e-nothing"}, {"rv": "?"}, {"ql": "x"}, {"a": "nothing", "av": "Frozen"}, {"fw": "?"}]
)
def test_a_damaged_address_does_no_harm(project: Project, params: dict[str, str]) -> None:
    for page in ("review", "assessment"):
        at = run(page, **params)
        assert at.title[0].value == page.capitalize()
        assert "Fraud scoring" in text(at), "the use case that is there is open"


def test_without_sign_in_the_app_serves_loopback_only(project: Project) -> None:
    from streamlit import config

    config.set_option("server.address", "0.0.0.0")
    at = run()
    assert "other machines" in at.error[0].value
    assert not at.selectbox


def test_a_conflict_is_settled_with_a_reason_and_taken_back(project: Project) -> None:
    u, element = project.use_case.id, "deployment.process"
    at = run("review", uc=u, rv="Conflicts")
    assert at.selectbox(key="conflict-element").value == element
    next(b for b in at.button if b.label == "Settle").click().run()
    assert "reason is missing" in at.error[0].value
    next(t for t in at.text_input if t.label == "Why").set_value("Both agree now")
    next(b for b in at.button if b.label == "Settle").click().run()
    assert project.store.element_decisions(u, project.framework.id)[0].action == "settle"
    assert "Both agree now" in text(at)
    next(b for b in at.button if str(b.key).startswith(f"reopen-{element}")).click().run()
    assert [d.action for d in project.store.element_decisions(u, project.framework.id)] == ["settle", "reopen"]


def test_not_applicable_takes_an_element_out(project: Project) -> None:
    u = project.use_case.id
    at = run("review", uc=u, rv="Elements")
    next(t for t in at.text_input if t.label == "Why").set_value("No features here")
    next(b for b in at.button if b.label == "Save").click().run()
    assert project.store.element_decisions(u, project.framework.id)[0].action == "not_applicable"


def test_several_are_accepted_after_a_preview(project: Project) -> None:
    at = run("review", uc=project.use_case.id, rv="Several at once")
    at.slider(key="bulk-confidence").set_value(0.6).run()
    wanted = {e.id for e in project.evidence if e.confidence >= 0.6}
    at.button(key="bulk-accept").click().run()
    assert not at.error
    assert {d.evidence for d in project.store.decisions(project.use_case.id)} == wanted


def test_what_if_shows_another_stage_and_saves_nothing(project: Project) -> None:
    at = run("assessment", uc=project.use_case.id, av="What if", n="confirmed")
    for element in project.framework.elements:
        at.radio(key=f"suppose-{project.use_case.id}-{project.framework.id}-{element.id}").set_value(element.statements[-1].id)
    at.run()
    assert "with 17 supposed" in text(at)
    assert "Kaizen" in text(at)
    assert not project.store.decisions(project.use_case.id)


# ---------------------------------------------------------------- words of a result


def group(**changes: object) -> GroupRating:
    given: dict[str, object] = {
        "scope": "overall", "stage": 3, "low": 3, "high": 3, "rated": 11, "total": 17, "coverage": 11 / 17, "sufficient": True,
        "reach": (), "rule": "policy.majority@1", "explanation": "Manual MLOps (6 of 17 unknown, which cannot change it)",
    }  # fmt: skip
    return GroupRating.model_validate(given | changes)


def test_what_is_open_is_said_once_and_without_ids(project: Project) -> None:
    f = project.framework
    assert parts.extent(f, group()) == "6 of 17 elements not rated, which cannot change it"
    assert parts.extent(f, group(low=2, high=4)) == "between DataOps and Automated MLOps: 6 of 17 elements not rated"
    assert parts.extent(f, group(rated=17)) == "all 17 elements rated"
    assert parts.extent(f, group(sufficient=False, rated=4)) == "Manual MLOps either way: 13 of 17 elements not rated"
    assert parts.extent(f, group(total=0, rated=0)) == "no element applies"
    held = parts.extent(f, group(rated=17, blocked_by=("deployment.process", "operations.monitoring")))
    assert held == "all 17 elements rated; held down by Deployment process, Monitoring and retraining trigger"


def test_an_explanation_beside_its_stage_does_not_repeat_it() -> None:
    assert (
        parts.summary("Manual MLOps", "Manual MLOps (6 of 17 unknown, which cannot change it)") == "6 of 17 unknown, which cannot change it"
    )
    assert parts.summary("Manual MLOps", "Manual MLOps (between Ad hoc and Kaizen MLOps: 6 of 17 unknown)").startswith("between Ad hoc")
    assert parts.summary("", "insufficient evidence (between Ad hoc and Kaizen MLOps: 9 of 17 unknown)").endswith("9 of 17 unknown")
    assert parts.summary("", "No element applies.") == "No element applies."


def test_policies_name_what_holds_them_down(project: Project) -> None:
    u = project.use_case.id
    for element in project.framework.elements:
        if element.id not in ("deployment.process", "operations.monitoring"):
            where = project.evidence[0]
            coding = Coding(element.id, 5, 5, element.statements[-1].id, Polarity.PRESENT, Status.CURRENT)
            transcripts.add_evidence(EVA, project.store, u, project.framework, project.transcript.id, where.start, where.end, coding)
    for e in project.evidence[1:3]:
        project.store.decide(u, e.id, "confirm", "Eva")
    page = text(run("assessment", uc=u, av="Policies", n="confirmed"))
    assert "held down by Deployment process" in page
    assert "deployment.process" not in page


def test_one_decision_that_would_move_the_headline_leads_to_its_element(project: Project) -> None:
    assessment = score_use_case(project.store, project.use_case.id, project.framework, accept="all").assessment
    one = Sensitivity(element="deployment.process", change="confirm", evidence="e-1", stage=4)
    html = resulting._sensitive(project.framework, assessment.model_copy(update={"sensitivity": (one,)}))
    assert "href='#go:deployment.process'>Deployment process" in html
    assert "confirming one proposal would make it Automated MLOps" in html


# ---------------------------------------------------------------- conflicts as the scoring has them


def test_conflicts_to_review_are_those_that_the_scoring_finds(project: Project) -> None:
    s, u, f, t = project.store, project.use_case.id, project.framework, project.transcript
    where = project.evidence[0]

    def add(element: str, low: int, high: int, polarity: Polarity = Polarity.PRESENT) -> None:
        only = f.element(element).statements_in(low, high)
        statement = only[0].id if len(only) == 1 and polarity is Polarity.PRESENT else None
        coding = Coding(element, low, high, statement, polarity, Status.CURRENT)
        transcripts.add_evidence(EVA, s, u, f, t.id, where.start, where.end, coding)

    # Said absent and at the first statement: no contradiction. Vague evidence that excludes the statement: one.
    add("model.metadata", 1, 1)
    add("model.metadata", 1, 1, Polarity.ABSENT)
    add("deployment.frequency", 1, 1)
    add("deployment.frequency", 3, 5)
    add("organisation.roles", 2, 2)
    add("organisation.roles", 1, 4)
    counts = reviewing.element_counts(EVA, s, u, f)
    rated = score_use_case(s, u, f, accept="all").assessment.elements
    disputed = {r.element for r in rated if r.conflict is not None}
    assert {e for e, n in counts.items() if n.conflict} == disputed
    assert "deployment.frequency" in disputed
    assert not {"model.metadata", "organisation.roles"} & disputed
    sides = reviewing.sides(EVA, s, u, f, "deployment.frequency")
    assert [len(side.statements) for side in sides] == [1, 3]
    at = run("review", uc=u, rv="Conflicts", el="deployment.frequency")
    assert at.selectbox(key="conflict-element").value == "deployment.frequency"
    assert "may fit" in text(at)


# ---------------------------------------------------------------- adding and reading


def test_functions_and_date_are_kept_with_the_transcript(project: Project) -> None:
    s, u = project.store, project.use_case.id
    data = teams_vtt("Nora Vik")
    transcripts.save(EVA, s, u, read_transcript(data, name="n.vtt"), data, functions={"Nora Vik": " ML engineer "}, held_on="2026-11-02")
    assert {p.name: p.role for p in s.participants(u)}["Nora Vik"] == "ML engineer"
    assert s.interviews(u)[-1].held_on == "2026-11-02"


def test_nothing_of_a_transcript_is_kept_where_its_functions_cannot_be(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    s, u, data = project.store, project.use_case.id, teams_vtt("Nora Vik")
    before = len(s.transcripts(u))

    def refuse(*_: object, **__: object) -> None:
        raise InputError("no")

    monkeypatch.setattr(type(s), "describe_participant", refuse)
    with pytest.raises(InputError):
        transcripts.save(EVA, s, u, read_transcript(data, name="n.vtt"), data, functions={"Nora Vik": "ML engineer"})
    assert len(s.transcripts(u)) == before


def test_an_error_below_its_file_does_not_name_the_file_again() -> None:
    shown = uploading._unnamed(InputError("the file is empty", source="a.vtt", remedy="download it again"))
    assert (shown.message, shown.remedy) == ("the file is empty", "download it again")


def test_a_search_leads_to_its_place_in_the_text(project: Project) -> None:
    u, t = project.use_case.id, project.transcript
    at = run("transcripts", uc=u, tv=TranscriptsView.SEARCH.value)
    at.text_input(key="search-text").set_value("dashboard").run()
    at.button_group(key="search-how").set_value("by word").run()
    start = t.text.index("dashboard")
    at.button(key=f"hit-{t.id}-{start}").click().run()
    assert not at.exception
    assert at.session_state["reader-found"] == (t.id, start, start + len("dashboard"))
    turn = next(turn for turn in t.turns if turn.start <= start < turn.end)
    html = parts.turn_html(t, turn, (), found=(start, start + 9))
    assert '<span class="found at-focus">dashboard</span>' in html


def test_marks_name_the_element_in_words(project: Project) -> None:
    e, t = project.evidence[1], project.transcript
    html = parts.turn_html(t, t.turns[e.turn], (e,), names={e.element: "Monitoring and retraining trigger"})
    assert 'data-e="Monitoring and retraining trigger"' in html
    assert 'title="Monitoring and retraining trigger, proposed"' in html
    assert e.element not in html


def test_written_words_become_a_selection(project: Project) -> None:
    at = run("transcripts", uc=project.use_case.id, tv=TranscriptsView.READ.value)
    at.text_input(key="reader-typed").set_value("nobody ever said this").run()
    assert "no respondent says these words" in at.error[0].value.lower().replace("\\", "")
    at.text_input(key="reader-typed").set_value("there is no alert").run()
    assert "New evidence" in text(at)
    at.button(key="add-evidence").click().run()
    mine = [e for e in project.store.current_evidence(project.use_case.id) if e.engine == "person/local"]
    assert [e.quote for e in mine] == ["there is no alert"]


def test_words_of_the_interviewer_are_refused_before_any_form(project: Project) -> None:
    u, t = project.use_case.id, project.transcript
    asked = next(turn for turn in t.turns if turn.role is Role.INTERVIEWER)
    at = run("transcripts", uc=u, tv=TranscriptsView.READ.value)
    at.session_state["reader-selected"] = (t.id, asked.start, asked.start + 12)
    at.run()
    assert "not one respondent" in at.warning[0].value
    assert not [b for b in at.button if b.key == "add-evidence"]


# ---------------------------------------------------------------- reviewing


def test_a_decided_piece_says_who_decided(project: Project) -> None:
    u, e = project.use_case.id, project.evidence[0]
    project.store.decide(u, e.id, "reject", "Eva Stern", reason="hearsay")
    page = text(run("review", uc=u, e=e.id, qw="all"))
    assert "rejected" in page
    assert "Eva Stern" in page
    assert "hearsay" in page
    assert e.engine not in page.replace('title="local/test"', "")


def test_last_decisions_name_their_element(project: Project) -> None:
    project.store.decide(project.use_case.id, project.evidence[1].id, "confirm", "local")
    page = text(run("review", uc=project.use_case.id, rv="Last decisions"))
    assert "Monitoring and retraining trigger" in page


def test_an_element_leads_to_its_undecided_evidence(project: Project) -> None:
    at = run("review", uc=project.use_case.id, rv="Elements")
    at.selectbox(key="element-choice").set_value("deployment.process").run()
    at.button(key="element-review-deployment.process").click().run()
    assert project.evidence[2].id in text(at)


def test_selected_words_are_edited_at_their_own_place(project: Project) -> None:
    """The same words may stand twice in an answer: the place that was selected counts."""
    data = teams_vtt("Bea Lund", ("We check it by hand, and then once more we check it by hand.",))
    s, u = project.store, project.use_case.id
    added = s.add_transcript(u, read_transcript(data, name="twice.vtt"), data)
    t = s.transcript(u, added.info.id)
    first, second = t.text.index("by hand"), t.text.rindex("by hand")
    coding = Coding("data.management", 1, 1, None, Polarity.PRESENT, Status.CURRENT)
    e = transcripts.add_evidence(EVA, s, u, project.framework, t.id, first, first + 7, coding).evidence
    at = run("review", uc=u, e=e.id, qw="all")
    next(b for b in at.button if b.label == "Edit").click().run()
    at.session_state["edit-place"] = (e.id, second, second + 7)
    at.run()
    next(b for b in at.button if b.label.startswith("Save the edit")).click().run()
    after = s.decisions(u, evidence=e.id)[-1].after or {}
    assert after["start"] == second


# ---------------------------------------------------------------- results


def test_what_if_begins_again(project: Project) -> None:
    at = run("assessment", uc=project.use_case.id, av="What if", n="confirmed")
    element = project.framework.elements[0]
    at.radio(key=f"suppose-{project.use_case.id}-{project.framework.id}-{element.id}").set_value(element.statements[-1].id).run()
    assert "with 1 supposed" in text(at)
    at.button(key="what-if-clear").click().run()
    assert "nothing is supposed yet" in text(at)


def test_a_frozen_assessment_shows_its_own_trace(project: Project) -> None:
    s, u, f = project.store, project.use_case.id, project.framework
    first = project.evidence[0]
    s.decide(u, first.id, "confirm", "Eva")
    frozen = s.freeze_assessment(u, score_use_case(s, u, f).assessment, f, by="Eva", label="First")
    s.decide(u, first.id, "reject", "Eva", reason="misheard")
    at = run("assessment", uc=u, av="Frozen", a=frozen.id, el=first.element)
    at.session_state["frozen-part"] = "Trace"
    at.run()
    assert "What it rests on" in text(at)
    assert first.quote in text(at)


def test_the_trace_goes_from_the_stage_to_the_quote(project: Project) -> None:
    u, first = project.use_case.id, project.evidence[0]
    project.store.decide(u, first.id, "confirm", "Eva")
    page = text(run("assessment", uc=u, av="Trace", n="confirmed", el=first.element))
    for step in ("Overall", "rule policy.majority@1", "1 of 1 rated elements reach", "rule element.one-statement", first.quote):
        assert step in page


def test_a_practice_code_shows_its_quotes(project: Project) -> None:
    u, first = project.use_case.id, project.evidence[0]
    project.store.decide(u, first.id, "confirm", "Eva")
    at = run("assessment", uc=u, av="Practice codes", n="confirmed")
    assert first.quote not in text(at)
    at.session_state["practice-code"] = first.codes[0]
    at.run()
    assert first.quote in text(at)


def test_a_corrected_framework_is_not_called_two_versions(project: Project) -> None:
    s, u, f = project.store, project.use_case.id, project.framework
    one = score_use_case(s, u, f, accept="all").assessment
    other = one.model_copy(update={"framework_hash": "0" * 64})
    found = assessing.compare(EVA, s, u, one, other)
    assert [line for line in found.general if "were corrected between" in line]


# ---------------------------------------------------------------- settings and where one is


def test_saved_settings_say_at_once_what_leaves(project: Project) -> None:
    at = run("settings")
    assert at.success
    next(b for b in at.selectbox if b.label.startswith("Engine")).set_value("llm")
    next(b for b in at.text_input if b.label.startswith("Endpoint")).set_value("https://llm.example/v1")
    next(b for b in at.button if b.label == "Save").click().run()
    assert not at.success
    assert "leave this machine" in at.warning[0].value


def test_the_local_name_outlives_a_reload() -> None:
    address = state.to_address(AppState(name="Eva Stern"))
    assert state.from_address(address).name == "Eva Stern"


def test_use_cases_of_one_name_are_told_apart(project: Project) -> None:
    assert run().selectbox(key="use-case").options == ["Fraud scoring"]
    other = project.store.add_organisation("Norrmark")
    project.store.add_use_case(other.id, "Fraud scoring")
    assert set(run().selectbox(key="use-case").options) == {"Fraud scoring · Acme", "Fraud scoring · Norrmark"}


def test_home_marks_the_next_step_and_leads_there(project: Project) -> None:
    at = run()
    assert 'class="step now"><b><span class="n">2</span>Review the evidence' in text(at)
    at.button(key="go-on").click().run()
    assert at.title[0].value == "Review"
