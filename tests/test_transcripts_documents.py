"""DOCX and PDF: what Teams and people write, and what must be refused."""

from __future__ import annotations

import io
import zipfile

import pypdf
import pytest
from transcript_samples import pdf, read, said, turns, word, word_paragraphs, word_table, word_teams, word_xml

from assistant.errors import TranscriptError
from assistant.transcripts import limits


def p(*runs: str) -> str:
    """A paragraph's XML; a run that begins with ``*`` is bold."""
    return (
        "<w:p>"
        + "".join(
            f"<w:r>{'<w:rPr><w:b/></w:rPr>' if r[0] == '*' else ''}<w:t xml:space='preserve'>{r.lstrip('*')}</w:t></w:r>" for r in runs
        )
        + "</w:p>"
    )


def test_teams_download() -> None:
    transcript = read(
        word_teams(
            ("Anna Schmidt", "0:03", "How do you deploy?"),
            ("Bob Lee", "0:07", "By hand."),
            ("Bob Lee", "0:12", "Weekly."),
            ("Anna Schmidt", "1:02:03", "I see."),
        ),
        "teams.docx",
    )
    assert turns(transcript) == [("Anna Schmidt", "How do you deploy?"), ("Bob Lee", "By hand. Weekly."), ("Anna Schmidt", "I see.")]
    assert [s.time_start for t in transcript.turns for s in t.spans] == [3.0, 7.0, 12.0, 3723.0]
    assert transcript.text.endswith("Anna Schmidt: How do you deploy?\n\nBob Lee: By hand. Weekly.\n\nAnna Schmidt: I see.")
    assert "Anna Schmidt started transcription" in transcript.text
    assert (transcript.format, transcript.turns[0].role, transcript.turns[1].role) == ("docx", "interviewer", "respondent")


def test_older_teams_download() -> None:
    data = word_paragraphs(
        "0:0:0.0 --> 0:0:2.450\nAnna Lee\nhello", "0:0:3.0 --> 0:0:4.10\nBob Ray\nyes", "0:0:5.0 --> 0:0:6.0\nAnna Lee\nso\nand so"
    )
    transcript = read(data, "old.docx")
    assert transcript.text == "Anna Lee: hello\n\nBob Ray: yes\n\nAnna Lee: so\nand so"
    assert [(s.time_start, s.time_end) for s in transcript.turns[1].spans] == [(3.0, 4.1)]


def test_plain_and_bold_labels() -> None:
    assert said(word_paragraphs("Anna: How?", "Bob: By hand.", "More.", "Anna: And?", "Bob: No."), "a.docx")[1] == (
        "Bob",
        "By hand.\n\nMore.",
    )
    bold = word_xml(p("*Anna: ", "How?") + p("*Bob", ": By hand.") + p("*Anna: ", "And?") + p("*Note: ", "none"))
    assert said(bold, "a.docx") == [("Anna", "How?"), ("Bob", "By hand."), ("Anna", "And?\n\nNote: none")]
    lines = word_xml(
        p("*Anna Lee") + p("How?") + p("*Bob Ray") + p("By hand.") + p("*Anna Lee") + p("*Is that so?") + p("*Bob Ray") + p("Yes.")
    )
    assert said(lines, "a.docx") == [("Anna Lee", "How?"), ("Bob Ray", "By hand."), ("Anna Lee", "Is that so?"), ("Bob Ray", "Yes.")]
    same = word_xml(p("*Anna Lee ", "How?") + p("*Bob Ray ", "By hand.") + p("*Anna Lee ", "And?") + p("*Bob Ray ", "Yes."))
    assert said(same, "a.docx") == [("Anna Lee", "How?"), ("Bob Ray", "By hand."), ("Anna Lee", "And?"), ("Bob Ray", "Yes.")]


def test_tabs_breaks_hyphens_deletions_and_text_boxes() -> None:
    body = (
        "<w:p><w:r><w:t>Anna:</w:t><w:tab/><w:t>on</w:t><w:noBreakHyphen/><w:t>line</w:t><w:br/><w:t>two</w:t></w:r>"
        "<w:del><w:r><w:t>gone</w:t></w:r></w:del><w:ins><w:r><w:t> new</w:t></w:r></w:ins></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>Bob: kept</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<mc:AlternateContent><mc:Fallback><w:p><w:r><w:t>twice</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent><w:p><w:r><w:tab/></w:r></w:p><w:tab/>"
        '<w:p><w:r><w:rPr><w:b w:val="0"/></w:rPr><w:t>Anna: not bold</w:t></w:r></w:p><w:t>outside</w:t>'
    )
    assert said(word_xml(body), "a.docx") == [("Anna", "on-line\ntwo new"), ("Bob", "kept"), ("Anna", "not bold")]


def test_main_part_of_another_name_and_prefix() -> None:
    assert said(word_xml(p("Anna: a") + p("Bob: b"), part="word/document2.xml"), "a.docx") == [("Anna", "a"), ("Bob", "b")]
    prefixed = io.BytesIO()
    with zipfile.ZipFile(prefixed, "w") as archive:
        uri = "http://purl.oclc.org/ooxml/wordprocessingml/main"
        body = "".join(f"<x:p><x:r><x:t>{text}</x:t></x:r></x:p>" for text in ("Anna: a", "Bob: b"))
        archive.writestr("word/document.xml", f'<x:document xmlns:x="{uri}"><x:body>{body}</x:body></x:document>')
    assert said(prefixed.getvalue(), "strict.docx") == [("Anna", "a"), ("Bob", "b")]


def test_tables() -> None:
    rows = [("Time", "Speaker", "Text"), ("0:01", "Anna", "How?"), ("0:05 - 0:08", "Bob", "By hand we do."), ("0:09", "", "And more.")]
    transcript = read(word_table(*rows), "t.docx")
    assert turns(transcript) == [("Anna", "How?"), ("Bob", "By hand we do. And more.")]
    assert [(s.time_start, s.time_end) for s in transcript.turns[1].spans] == [(5.0, 8.0), (9.0, None)]
    assert said(word_table(("Anna", "How do you?"), ("Bob", "We do it so."), ("Anna", "And else?")), "t.docx")[1] == ("Bob", "We do it so.")
    assert said(word_table(("What we do", "one thing"), ("How we do", "another thing")), "t.docx") == [
        ("", "What we do"),
        ("", "one thing"),
        ("", "How we do"),
        ("", "another thing"),
    ]


def test_ragged_and_nested_tables() -> None:
    def cell(text: str) -> str:
        return f"<w:tc>{p(text)}</w:tc>"

    full = "".join(f"<w:tr>{cell(who)}{cell(text)}</w:tr>" for who, text in [("Anna", "How is it done?"), ("Bob", "By hand.")] * 6)
    ragged = f"<w:tbl>{full}<w:tr>{cell('a stray remark')}</w:tr></w:tbl>"
    assert said(word_xml(ragged), "t.docx")[-1] == ("Bob", "By hand.\n\na stray remark")
    nested = f"<w:tbl><w:tr><w:tc><w:tbl><w:tr>{cell('inner')}</w:tr></w:tbl>{p('outer')}</w:tc></w:tr></w:tbl>"
    assert said(word_xml(nested), "t.docx") == [("", "inner\nouter")]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (word_xml(p("a"), prolog='<!DOCTYPE x [<!ENTITY e "boom">]>'), "XML entities"),
        (word_xml(p("a"), prolog='<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "XML entities"),
        (word_xml("<w:p>" * 300), "nested more than"),
        (word_xml("<w:p><w:r>"), "XML is damaged"),
        (word_xml(""), "no text in this document"),
        (word_xml(p("x" * 40_000_000)), "unpacked|characters"),
        (word_xml("<!-- " + "x" * 40_000_000 + " -->"), "unpacked"),
        (word_xml(p("a"), part="xl/workbook.xml"), "no Word document"),
        (word_xml(p("a"), compression=zipfile.ZIP_BZIP2), "compressed in a way"),
        (word_xml(p("a"))[:-30], "damaged or locked"),
        (b"PK\x03\x04" + b"PK\x01\x02" * 10_001, "more than 10,000 members"),
        (b"just text", "not a .docx"),
    ],
)
def test_refused_documents(data: bytes, match: str) -> None:
    with pytest.raises(TranscriptError, match=match) as caught:
        read(data, "bad.docx")
    assert caught.value.source == "bad.docx"
    assert caught.value.remedy


def test_long_text_in_a_document_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.transcripts.word.MAX_CHARACTERS", 100)
    with pytest.raises(TranscriptError, match="more than 100 characters") as caught:
        read(word_xml(p("Anna: a") + p("b" * 200)), "long.docx")
    assert caught.value.place == "paragraph 2"


def test_pdf_lines_are_joined_and_furniture_removed() -> None:
    pages = [
        ("Interview 7 - confidential", "Anna: How do you deploy", "your models?", "Bob: We deploy them", "Page 1 of 3"),
        ("Interview 7 - confidential", "by hand, and", "every week.", "Anna: I see.", "Page 2 of 3"),
        ("Interview 7 - confidential", "Bob: That is (all) we do.", "Anna: Thanks?", "3"),
    ]
    transcript = read(pdf(*pages), "talk.pdf")
    assert turns(transcript) == [
        ("Anna", "How do you deploy your models?"),
        ("Bob", "We deploy them by hand, and every week."),
        ("Anna", "I see."),
        ("Bob", "That is (all) we do."),
        ("Anna", "Thanks?"),
    ]
    assert "Page numbers and running heads were taken out" in transcript.notes
    assert transcript.format == "pdf"


def test_pdf_without_furniture_and_without_names() -> None:
    transcript = read(pdf(("We deploy by hand.", "Every week.")), "prose.pdf")
    assert turns(transcript) == [("", "We deploy by hand. Every week.")]
    assert transcript.notes[0] == "No speaker names were found in the text"


def test_refused_pdfs(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TranscriptError, match="scanned"):
        read(pdf((), ()), "scan.pdf")
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(("Anna: a", "Bob: b"))))
    writer.encrypt("secret", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    with pytest.raises(TranscriptError, match="password"):
        read(locked.getvalue(), "locked.pdf")
    with pytest.raises(TranscriptError, match="damaged"):
        read(b"%PDF-1.4\nnothing", "broken.pdf")
    with pytest.raises(TranscriptError, match=r"not a \.pdf file"):
        read("Anna: a", "text.pdf")
    monkeypatch.setattr("assistant.transcripts.pdf.MAX_PAGES", 1)
    with pytest.raises(TranscriptError, match="2 pages"):
        read(pdf(("a",), ("b",)), "long.pdf")
    monkeypatch.setattr("assistant.transcripts.pdf.MAX_CHARACTERS", 3)
    with pytest.raises(TranscriptError, match="too large") as caught:
        read(pdf(("Anna: a",)), "long.pdf")
    assert caught.value.place == "page 1"


def test_blank_pages_are_noted_and_lost_ones_refused() -> None:
    good = pdf(("Anna: a", "Bob: b"), (), ("Anna: c",))
    transcript = read(good, "a.pdf")
    assert "Pages without text (blank or pictures): 2" in transcript.notes
    assert read(good.replace(b"/Contents 6 0 R", b"/Rotate 0      "), "a.pdf").turns == transcript.turns
    assert read(good.replace(b"4 0 obj", b"4 0 0bj"), "a.pdf").turns == transcript.turns
    for lost in (good.replace(b"/Contents 4 0 R", b"/Contents 77 0 R"), good.replace(b">>>>/Contents 4", b">>~>/Contents 4")):
        with pytest.raises(TranscriptError, match="the text of this page is damaged"):
            read(lost, "a.pdf")


def test_damaged_page_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object) -> str:
        raise KeyError("/Contents")

    monkeypatch.setattr(pypdf.PageObject, "extract_text", broken)
    with pytest.raises(TranscriptError, match=r"page 1: this page is damaged \(KeyError\)"):
        read(pdf(("a",)), "broken.pdf")


def test_limits_are_what_the_messages_say() -> None:
    assert (limits.MAX_BYTES, limits.MAX_CHARACTERS, limits.MAX_TURNS) == (20_000_000, 5_000_000, 20_000)
    assert word(lambda document: None).startswith(b"PK")
