"""Reports: every stage with its quotes, every quote with its place, nothing of a user's text acts, no name by default."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from report_support import ALL, Page, file_of, said, sample_file, small_framework, talk

from assistant import report
from assistant.errors import EvidenceError, GroundingError, InputError
from assistant.frameworks import load_benchmarks, load_framework
from assistant.models import (
    Assessment,
    AssessmentFile,
    ElementDecision,
    EvidenceState,
    Framework,
    Polarity,
    RatingStatus,
    Rejection,
    Status,
    canonical_json,
)
from assistant.report.build import build
from assistant.report.elements import choose_probes, missing_details
from assistant.report.markdown import escape
from assistant.report.names import People, name_parts
from assistant.scoring import verify

JOHN = load_framework("john-2025")
STUDY = load_benchmarks("john-2025")[0]
SMALL = small_framework(2, 3, 3)
NAMES = ("Bo Ek", "Tomas Berglund", "Ines Falk")


def sample(**more: object) -> AssessmentFile:
    """One talk with everything in it: conflict, unplaced, unknown, not applicable, planned, past, rejected, overlapping quotes."""
    t = talk(
        ("Ines Falk", "Tomas, how do you do it?"),
        ("Tomas Berglund", "We do it every day. Machines do it at night, Bo says. Some of it by hand.\nBut next year we buy a tool."),
        ("Bo Ek", "Tomas forgets that Berglund and I stopped. We used to. There is nothing of the kind here."),
    )
    e = [x.id for x in SMALL.elements]
    evidence = [
        said(t, "We do it every day.", e[0], 2, 2, SMALL, codes=("X1",)),
        said(t, "We do it every day. Machines do it at night, Bo says.", e[0], 3, 3, SMALL, codes=("!X1",)),
        said(t, "Machines do it at night, Bo says. Some of it by hand.", e[1], 1, 3, SMALL),
        said(t, "There is nothing of the kind here.", e[3], 1, 1, SMALL, polarity=Polarity.ABSENT),
        said(t, "next year we buy a tool", e[1], 3, 3, SMALL, status=Status.PLANNED),
        said(t, "We used to.", e[1], 2, 2, SMALL, status=Status.PAST),
        said(t, "Some of it by hand.", e[3], 2, 2, SMALL, state=EvidenceState.REJECTED),
        said(t, "Some of it by hand.", e[4], 2, 2, SMALL, state=EvidenceState.PROPOSED, engine="person/Tomas Berglund"),
        said(t, "Some of it by hand.", e[5], 2, 2, SMALL),
    ]
    gone = ElementDecision(id="1", element=e[5], reviewer="R", action="not_applicable", reason="Tomas Berglund says there is none")
    wrong = Rejection(quote="Tomas retrains hourly", element="nowhere", reason="not in the transcript", engine="llm/x")
    return file_of(SMALL, [t], evidence, decisions=[gone], rejections=[wrong], **more)  # type: ignore[arg-type]


def page(file: AssessmentFile, framework: Framework = SMALL, **more: object) -> Page:
    return Page(report.render_html(file, framework, **more))  # type: ignore[arg-type]


def markdown_page(text: str) -> Page:
    return Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


# ---------------------------------------------------------------- quotes and places


@pytest.mark.parametrize("names", [True, False])
def test_every_quote_is_shown_once_and_links_to_its_words(names: bool) -> None:
    file = sample()
    shown = page(file, names=names)
    assert shown.faults == []
    for number, e in enumerate(file.assessment.evidence, 1):
        quoted = "".join(shown.blockquotes[f"q{number}"])
        marked = "".join(shown.marks[str(number)])
        assert quoted == marked, "the words in the transcript are the quote"
        if names:
            assert quoted == e.quote
            begins = "".join(shown.by_id[f"w{number}"])
            assert len(begins) >= 4
            assert e.quote.startswith(begins[:4]), "the link leads to where the words begin"
        assert f"w{number}" in shown.ids
        assert f"#w{number}" in shown.attributes("href")
        assert f"#q{number}" in shown.attributes("href")


def test_every_link_has_its_target() -> None:
    for file, framework in ((sample(), SMALL), (sample_file(ALL, JOHN), JOHN)):
        shown = page(file, framework, companies=STUDY if framework is JOHN else None)
        targets = {href[1:] for href in shown.attributes("href") if href.startswith("#")}
        assert targets <= shown.ids
        assert shown.faults == []


def test_every_stage_has_its_quotes() -> None:
    file = sample_file(ALL[:2], JOHN)
    view = build(file, JOHN, companies=STUDY)
    for element in (e for d in view.dimensions for e in d.elements):
        rating = file.assessment.rating(next(x.id for x in JOHN.elements if x.name == element.name))
        assert {q.id for q in element.quotes} == set(rating.evidence)
        if element.stage is not None:
            assert element.quotes
    shown = page(file, JOHN)
    counted = {i for r in file.assessment.elements for i in r.evidence}
    assert len(shown.blockquotes) == len(file.assessment.evidence) >= len(counted) > 0


def test_a_quote_that_was_not_said_stops_the_report() -> None:
    file = sample()
    e = file.assessment.evidence[0]
    for changed, words in (
        (e.model_copy(update={"quote": e.quote[:-1] + "!"}), "is not what transcript talk says"),
        (e.model_copy(update={"transcript": "t-gone"}), "which the assessment file does not hold"),
    ):
        evidence = (changed, *file.assessment.evidence[1:])
        broken = file.model_copy(update={"assessment": file.assessment.model_copy(update={"evidence": evidence})})
        for render in (report.render_html, report.render_markdown, report.render_json):
            with pytest.raises(GroundingError, match=e.id) as caught:
                render(broken, SMALL)
            assert words in str(caught.value)


def test_conflict_stands_side_by_side_and_the_lowest_is_named() -> None:
    shown = page(sample())
    text = "".join(shown.by_id["e1-1"])
    assert "Conflict" in text
    assert "this one counts" in text
    assert sum(v.get("class", "").split()[:1] == ["side"] for _, v in shown.tags) == 2


def test_what_did_not_count_is_there_with_its_reason() -> None:
    view = build(sample(), SMALL)
    reasons = [reason for reason, _ in view.aside]
    assert reasons == [
        "not yet reviewed",
        "planned, not yet practice",
        "past, no longer practice",
        "the element is not applicable",
        "rejected by a reviewer",
    ]
    shown = page(sample())
    for reason in reasons:
        assert reason.capitalize() in "".join(shown.by_id["aside"])


def test_overlapping_quotes_keep_their_words_and_their_ways_back() -> None:
    shown = page(sample(), names=True)
    turn = "".join(shown.by_id["t1-2"])
    assert re.sub(r"\d", "", turn).replace("Tomas Berglund :", "").strip().startswith("We do it every day. Machines do it at night")
    backs = [v["href"] for tag, v in shown.tags if tag == "a" and v.get("class") == "back"]
    assert sorted(backs) == sorted(f"#q{n}" for n in range(1, 10))


def test_times_or_turns_and_roles_are_shown() -> None:
    t = talk(("Ines Falk", "How?"), ("Bo Ek", "We do it."), times=False)
    file = file_of(SMALL, [t], [said(t, "We do it.", "d1.e1", 2, 2, SMALL)])
    quote = next(iter(build(file, SMALL).dimensions[0].elements[0].quotes))
    assert (quote.who, quote.role, quote.when, quote.transcript) == ("P1", "respondent", "turn 2", "T1")
    assert build(sample(), SMALL).dimensions[0].elements[0].quotes[0].when == "0:30"


def test_a_quote_over_turns_and_one_outside_all_turns_still_have_a_place() -> None:
    t = talk(("Ines Falk", "How?"), ("Bo Ek", "We do it."), ("Tomas Berglund", "Always."))
    over = said(t, "do it.\n\nTomas Berglund: Always", "d1.e1", 2, 2, SMALL)
    outside = said(t, "Tomas Berglund: ", "d1.e2", 2, 2, SMALL)
    shown = page(file_of(SMALL, [t], [over, outside]), names=True)
    assert shown.faults == []
    number = 1
    assert {"w1", "w2"} <= shown.ids
    assert "".join(shown.marks[str(number)]) == "do it.Always"


# ---------------------------------------------------------------- results


def test_insufficient_evidence_is_said_with_bounds_and_no_stage() -> None:
    t = talk(("Bo Ek", "We do it."))
    file = file_of(SMALL, [t], [said(t, "We do it.", "d1.e1", 2, 2, SMALL)])
    view = build(file, SMALL)
    assert view.overall.stage is None
    assert (view.overall.headline, view.overall.bounds) == ("Insufficient evidence", "between Level 1 and Level 3")
    assert "Insufficient evidence" in page(file).shown


def test_draft_is_said_first_and_warnings_follow() -> None:
    draft = page(sample(draft=True)).shown
    assert draft.index("Draft.") < draft.index("Overall")
    assert "Draft." not in page(sample()).shown
    t = talk(("Bo Ek", "We do it."))
    waiting = file_of(SMALL, [t], [said(t, "We do it.", "d1.e1", 2, 2, SMALL, state=EvidenceState.PROPOSED)])
    assert "No evidence is confirmed yet" in page(waiting).shown


def test_a_changed_framework_or_result_is_said() -> None:
    file = sample()
    reworded = SMALL.model_copy(update={"title": "Reworded"})
    assert "The framework has changed" in page(file, reworded).shown
    assert "does not recompute" not in page(file).shown
    forged = file.model_copy(update={"assessment": file.assessment.model_copy(update={"overall": file.assessment.dimensions[0]})})
    assert "does not recompute" in page(forged).shown
    with pytest.raises(EvidenceError, match="which is not john-2025"):
        report.render_html(file, JOHN)


def test_empty_assessment_gives_a_whole_report() -> None:
    file = file_of(SMALL, [talk(("Bo Ek", "Hm."))], [])
    shown = page(file)
    assert shown.faults == []
    assert "Unknown" in shown.shown
    assert json.loads(report.render_json(file, SMALL))["result"]["overall"]["stage"] is None
    assert "nobody yet" in report.render_markdown(file, SMALL)
    nothing = file_of(SMALL, [], [])
    assert page(nothing).faults == []


def test_practices_stand_beside_the_study_and_say_consistent() -> None:
    view = build(sample_file(["e-vehicles"], JOHN), JOHN, companies=STUDY)
    assert view.practices is not None
    stages = {c.name: (c.consistent, c.stated) for c in view.practices.companies}
    assert stages["B"] == ("Automated MLOps", "not stated")
    assert stages["F"] == ("Manual MLOps", "not stated")
    assert stages["A"] == ("DataOps", "DataOps")
    shown = page(sample_file(["e-vehicles"], JOHN), JOHN, companies=STUDY).shown
    assert "consistent with" in shown
    assert "it is not the paper" in shown
    assert "companies except A and F support model metadata" in shown, "the paper's contradictions are there"
    bare = page(sample_file(["e-vehicles"], JOHN), JOHN, companies=STUDY.companies[:2])
    assert bare.faults == []


def test_questions_fit_what_is_missing() -> None:
    view = build(sample(), SMALL)
    asked = {a.element: a for a in view.asks}
    assert set(asked) == {"Thing 1.1", "Thing 1.2", "Thing 1.3", "Thing 2.2"}
    assert asked["Thing 1.1"].why == "The evidence disagrees."
    assert asked["Thing 1.3"].probes[0].startswith("How is")
    element = JOHN.element("model.development")
    assert missing_details(element.statements[1:3]) == ("automation",)
    assert "improvement" in missing_details(element.statements[2:4])
    unknown = sample_file([], JOHN).assessment.rating("data.management")
    probes = choose_probes(JOHN.element("data.management"), unknown)
    assert [p.seeks for p in probes] == ["practice", "example", "automation"]
    mute = small_framework(probes=False)
    empty = file_of(mute, [talk(("Bo Ek", "Hm."))], [])
    assert "The framework has no question for it" in Page(report.render_html(empty, mute)).shown


def test_policies_and_their_differences() -> None:
    view = build(sample_file(["e-vehicles"], JOHN), JOHN)
    assert [p.name for p in view.policies] == ["majority@1", "weakest-link@1", "iso33020@1"]
    assert view.differing
    assert "Where they differ" in page(sample_file(["e-vehicles"], JOHN), JOHN).shown


# ---------------------------------------------------------------- the file itself


def test_html_is_self_contained_and_inert() -> None:
    text = report.render_html(sample_file(ALL, JOHN), JOHN, companies=STUDY)
    shown = Page(text)
    assert shown.faults == []
    assert not {"script", "iframe", "img", "link", "object", "embed", "form", "input", "base"} & {tag for tag, _ in shown.tags}
    assert shown.attributes("src") == []
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", text)
    assert not [name for _, values in shown.tags for name in values if name.startswith("on")]
    outside = {h for h in shown.attributes("href") if not h.startswith("#")}
    assert outside == {JOHN.url}
    assert "default-src 'none'" in next(v["content"] for _, v in shown.tags if v.get("http-equiv"))
    assert len(text.encode()) < 1_500_000


def test_same_input_same_bytes_and_no_clock() -> None:
    for render in (report.render_html, report.render_markdown, report.render_json):
        first = render(sample(), SMALL)
        assert first == render(AssessmentFile.model_validate_json(sample().model_dump_json()), SMALL)
        assert "23 November" in render(sample(), SMALL, generated_at="23 November")
        assert not re.search(r"20\d\d-\d\d-\d\d", first)


HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) **b** _c_ `d` | e | $x^2$ \\frac{1}{2} "
    "https://evil.example "
    "www.evil.example me@evil.example &lt; \u202egnp.exe 🦄 =cmd|'/C calc'!A0 # h\n- item\n1. one\n> quote\n---\n```\ncode\n    more"
)


def hostile_file() -> tuple[AssessmentFile, Framework]:
    changes = {"url": "javascript:alert(1)", "licence": HOSTILE, "notes": (HOSTILE,)}
    framework = small_framework(2, 3, 3, name=HOSTILE).model_copy(update=changes)
    long_name = HOSTILE.replace("\n", " ") + "N" * 300
    t = talk(("Ines Falk", HOSTILE), (long_name, f"{HOSTILE} and so on"), name=HOSTILE)
    t = t.model_copy(update={"notes": (HOSTILE,)})
    quote = t.text[t.turns[1].start : t.turns[1].end]
    evidence = [
        said(t, quote, "d1.e1", 2, 2, framework, rationale=HOSTILE, engine=f"llm/{HOSTILE}", codes=(HOSTILE, f"!{HOSTILE}")),
        said(t, quote[3:40], "d1.e1", 3, 3, framework, rationale=HOSTILE),
        said(t, quote, "d2.e1", 2, 2, framework, status=Status.PAST),
    ]
    decision = ElementDecision(id="1", element="d1.e2", reviewer=HOSTILE, action="not_applicable", reason=HOSTILE)
    rejection = Rejection(quote=HOSTILE, element=HOSTILE, reason=HOSTILE, engine=HOSTILE)
    return file_of(framework, [t], evidence, decisions=[decision], rejections=[rejection]), framework


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("names", [True, False])
def test_hostile_text_is_text_in_html(names: bool) -> None:
    file, framework = hostile_file()
    tame = sample()
    shown = page(file, framework, names=names, companies=STUDY.companies[:1])
    assert shown.faults == []
    allowed = {tag for tag, _ in page(tame, companies=STUDY.companies[:1]).tags} | {"ol", "path"}
    assert {tag for tag, _ in shown.tags} <= allowed, "no element of the user's making"
    assert not [n for _, values in shown.tags for n in values if n.startswith("on")]
    assert not [h for h in shown.attributes("href") if not h.startswith("#")], "no link of the user's making"
    assert "<script>alert(1)</script><img src=x onerror=alert(1)>" in shown.shown
    assert "\u202e" not in shown.shown
    assert "[U+202E]gnp.exe 🦄" in shown.shown
    assert set(shown.ids) == {i for i in shown.ids if re.fullmatch(r"[a-z0-9-]+", i)}


def test_hostile_text_is_text_in_markdown() -> None:
    file, framework = hostile_file()
    text = report.render_markdown(file, framework, names=True, companies=STUDY.companies[:1])
    shown = markdown_page(text)
    assert shown.faults == []
    assert {tag for tag, _ in shown.tags} <= {
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "p",
        "a",
        "strong",
        "mark",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "blockquote",
        "pre",
        "code",
    }
    assert sum(tag in ("pre", "code") for tag, _ in shown.tags) == 2, "only the command of ours is code"
    assert all(h.startswith("#") for h in shown.attributes("href"))
    assert {h[1:] for h in shown.attributes("href")} <= shown.ids
    flat = squeezed(HOSTILE).replace("\u202e", "[U+202E]")
    assert flat in squeezed(shown.shown)
    assert "\u202e" not in text
    assert not re.search(r"https?://evil|www\.evil|@evil|\$x", text), "nothing that a viewer would link or typeset"


@pytest.mark.parametrize(
    "line",
    [
        "# a",
        "- a",
        "+ a",
        "* a",
        "1. a",
        "1) a",
        "> a",
        "---",
        "===",
        "    code",
        "```",
        "~~~",
        "| a | b |",
        "<b>",
        "[a](b)",
        "![a](b)",
        "a  ",
        "\\",
        "&amp;",
        "*a*",
        "_a_",
        "`a`",
        "~~a~~",
        "$a$",
        "[^1]",
        ": a",
        "http://a.b",
        "a\n\nb",
        "a\n# b",
        "a\n- b",
        "<!-- a -->",
        "{{ 1 }}",
        "==a==",
    ],
)
def test_escape_shows_every_line_as_itself(line: str) -> None:
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(f"x {escape(line)}\n\n{escape(line)}\n")
    shown = Page(html)
    assert {tag for tag, _ in shown.tags} <= {"p"}, html
    assert squeezed(line) in squeezed(shown.shown)


def test_markdown_has_the_same_quotes_with_anchors() -> None:
    file = sample()
    text = report.render_markdown(file, SMALL, names=True)
    shown = markdown_page(text)
    assert shown.faults == []
    assert {h[1:] for h in shown.attributes("href")} <= shown.ids
    for number, e in enumerate(file.assessment.evidence, 1):
        assert {f"q{number}", f"w{number}"} <= shown.ids
        assert squeezed(e.quote) in squeezed(shown.shown)
    assert "DRAFT" in report.render_markdown(sample(draft=True), SMALL)
    real = markdown_page(report.render_markdown(sample_file(ALL[:2], JOHN), JOHN, companies=STUDY))
    assert real.faults == []
    assert sum(tag == "table" for tag, _ in real.tags) == 5


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("suffix", ["html", "md", "json"])
def test_no_participant_is_named_unless_asked(suffix: str) -> None:
    render = {"html": report.render_html, "md": report.render_markdown, "json": report.render_json}[suffix]
    hidden, open_ = render(sample(), SMALL), render(sample(), SMALL, names=True)
    for name in ("Tomas", "Berglund", "Ines", "Falk", "Bo Ek"):
        assert name not in hidden
    assert "Tomas Berglund" in open_
    real = sample_file(ALL, JOHN)
    text = render(real, JOHN, companies=STUDY)
    for speaker in {s for t in real.transcripts for s in t.speakers}:
        for part in (speaker, *speaker.split()):
            assert not re.search(rf"(?<![^\W\d_]){re.escape(part)}(?![^\W\d_])", text), part


def people(*speakers: str) -> People:
    return People([talk(*((s, "x") for s in speakers))], SMALL, names=False)


def test_masks() -> None:
    who = people("Tomas Berglund", "Anna-Lena Nilsson (owner)", "Will Hope", "José Núñez", "Speaker 4", "Bo Ek", "山田太郎")
    for text, expected in {
        "Tomas's idea": "[P1]'s idea",
        "tomas is not it": "tomas is not it",
        "TOMAS": "[P1]",
        "Tomas Berglund": "[P1]",
        "Dr. Berglund": "Dr. [P1]",
        "Tomasson": "Tomasson",
        "Anna-Lena and Anna": "[P2] and [P2]",
        "Will that work? Hope so.": "Will that work? Hope so.",
        "ask Will Hope": "ask [P3]",
        "Jose\u0301 says": "[P4] says",
        "Speaker 4 said": "Speaker 4 said",
        "Bo, Ek and Bo Ek": "Bo, Ek and [P6]",
        "山田太郎さん": "[P7]さん",
        "Tomas Nilsson": "[P1] [P2]",
        "": "",
    }.items():
        assert who.shown(text) == expected
    assert who.file_name("2024_tomas-berglund_2") == "2024_[P1]_2"
    assert people("Owner", "Head of ML").shown("The Owner, Head of ML") == "The Owner, Head of ML"


def test_shared_names_say_so_and_prefer_who_is_there() -> None:
    one, two = talk(("Anna Berg", "x"), name="one"), talk(("Anna Lind", "x"), name="two")
    who = People([one, two], SMALL, names=False)
    assert who.shown("Anna") == "[P1 or P2]"
    assert who.shown("Anna", two) == "[P2]"
    assert who.shown("Anna Lind") == "[P2]"


def test_who_is_who() -> None:
    again = [talk(("Ines Falk", "Q"), ("Anna Berg", "x"), ("Speaker 1", "y"), name=n) for n in ("one", "two")]
    who = People(again, SMALL, names=False)
    assert [p.label for p in who.everybody] == ["I1", "P1", "P2", "P3"], "a full name is one person, Speaker 1 one in each file"
    assert who.person(again[1], "Anna Berg").label == "P1"
    assert who.person(again[1], "nobody").label == "unnamed"
    assert name_parts("Dr. Tomas Berglund (head)") == ("Tomas", "Berglund")


def test_offsets_refer_to_the_original() -> None:
    file = sample()
    data = json.loads(report.render_json(file, SMALL))
    quotes = {q["id"]: q for e in data["elements"] for q in e["quotes"]}
    for e in file.assessment.evidence:
        if e.id in quotes:
            assert (quotes[e.id]["start"], quotes[e.id]["end"]) == (e.start, e.end)
    assert "Offsets refer to the original text" in data["notes"][0]


# ---------------------------------------------------------------- JSON and files


KEYS = [
    "format",
    "version",
    "draft",
    "names",
    "generated_at",
    "software",
    "framework",
    "result",
    "elements",
    "not_counted",
    "ask_next",
    "policies",
    "differing",
    "practices",
    "sensitivity",
    "rejections",
    "decisions",
    "transcripts",
    "notes",
    "assessment_sha256",
    "assessment",
]


def test_json_keys_are_the_documented_ones() -> None:
    from assistant.report import document

    data = json.loads(report.render_json(sample(), SMALL))
    assert list(data) == KEYS
    assert all(key in (document.__doc__ or "") for key in KEYS)
    assert data["elements"][0]["quotes"][0]["who"] == "P1"


def test_json_with_names_holds_the_assessment_to_the_byte() -> None:
    file = sample_file(["a-statistics"], JOHN)
    text = report.render_json(file, JOHN, names=True)
    assert canonical_json(file.assessment.model_dump(mode="json")) in text
    inside = Assessment.model_validate(json.loads(text)["assessment"])
    assert inside == file.assessment
    assert verify(JOHN, inside)
    masked = json.loads(report.render_json(file, JOHN))
    assert masked["assessment_sha256"] == file.assessment.hash
    assert masked["assessment"]["evidence"][0]["speaker"].startswith("P")
    assert len(masked["assessment"]["evidence"]) == len(file.assessment.evidence)


@pytest.mark.parametrize("suffix", [".html", ".HTM", ".md", ".markdown", ".json"])
def test_write_by_suffix(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out{suffix}"
    assert report.write_report(target, sample(), SMALL) == target
    assert target.read_text(encoding="utf-8").strip()
    assert os.listdir(tmp_path) == [target.name], "no temporary file is left"
    assert target.stat().st_mode & 0o400


def test_an_existing_report_is_never_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.html"
    target.write_text("old")
    file = sample()
    broken = file.model_copy(update={"transcripts": ()})
    with pytest.raises(GroundingError):
        report.write_report(target, broken, SMALL)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        report.write_report(target, file, SMALL)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.html"]


def test_wrong_suffix_and_missing_folder_are_clear(tmp_path: Path) -> None:
    for name in ("out.pdf", "out"):
        with pytest.raises(InputError, match=r"names no kind of report.*\.html"):
            report.write_report(tmp_path / name, sample(), SMALL)
    with pytest.raises(InputError, match="choose a folder that exists"):
        report.write_report(tmp_path / "no" / "out.html", sample(), SMALL)


def test_every_status_of_an_element_is_drawn() -> None:
    statuses = {r.status for r in sample().assessment.elements}
    assert statuses == set(RatingStatus)
    classes = " ".join(v.get("class", "") for _, v in page(sample()).tags)
    for name in ("unknown", "practice-without-a-stage", "unplaced", "not-applicable"):
        if name != "practice-without-a-stage":
            assert f"chip {name}" in classes


def test_printable_text_and_times() -> None:
    from assistant.display import clock, count, percent, printable

    assert printable("a\x00\x1b\x85\ud800\u202db\tc\nd") == "a␀␛[U+0085]\ufffd[U+202D]b\tc\nd"
    assert printable("👩\u200d💻 שלום \u200f\u2067x\u2069") == "👩\u200d💻 שלום \u200f\u2067x\u2069", "what scripts and emoji need stays"
    assert [clock(s) for s in (0, 59.9, 61, 3601.5, -3)] == ["0:00", "0:59", "1:01", "1:00:01", "0:00"]
    assert (percent(0.647), count(1, "quote"), count(1200, "quote")) == ("65 %", "1 quote", "1,200 quotes")
