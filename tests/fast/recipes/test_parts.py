"""Files inside files, from the folder to the passage: each is cited and kept by itself."""

from __future__ import annotations

import io
import os
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from fakes.project import changes, paged_pdf, sources, top

from ragcli import Rag
from ragcli.domain import Filter
from ragcli.errors import NotInProject, Unreadable
from ragcli.reading.options import ReadOptions
from ragcli.recipes.extract import extract
from ragcli.recipes.prompting import _stored_text
from ragcli.store import ledger


def mail(subject: str, body: str, **attached: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Ann <ann@example.org>", "bob@example.org"
    message["Subject"], message["Date"] = subject, "Wed, 01 May 2024 10:00:00 +0000"
    message.set_content(body)
    for name, data in attached.items():
        message.add_attachment(
            data, maintype="application", subtype="octet-stream", filename=name.replace("__", ".")
        )
    return bytes(message)


def box(*messages: bytes) -> bytes:
    return b"".join(b"From a@b.c Wed May  1 10:00:00 2024\n" + m + b"\n" for m in messages)


def zipped(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return out.getvalue()


@pytest.fixture
def letter(home: Path) -> Path:
    path = home / "docs/letter.eml"
    report = paged_pdf(["Nothing here.", "The turbine was repaired in Rotterdam."])
    path.write_bytes(
        mail(
            "会议纪要", "Minutes of the meeting.", report__pdf=report, note__txt=b"A walrus sleeps."
        )
    )
    return path


INSIDE = ["docs/letter.eml#part=2/report.pdf", "docs/letter.eml#part=3/note.txt"]


def test_a_prompt_reads_on_in_an_attachment(rag: Rag, letter: Path) -> None:
    """Where its passages stand side by side."""
    rag.ingest()
    note = next(p for p in rag.query("walrus", mode="keyword").passages if p.source == INSIDE[1])
    assert _stored_text(rag.store, note.source, note.char_start, note.char_end) == note.text


def test_an_attachment_is_found_cited_and_filtered(rag: Rag, letter: Path) -> None:
    report = rag.ingest()
    assert changes(report) == {"added": 1, "unchanged": 3, "embedded_chunks": 3}
    assert (report.files, report.parts, report.read_parts) == (4, 2, 2)
    passage = rag.query("turbine Rotterdam", mode="keyword").passages[0]
    assert (passage.source, passage.page_end, passage.stale) == (INSIDE[0], 2, False)
    assert top(rag, "walrus") == INSIDE[1]
    only = rag.query("walrus turbine minutes", chosen=Filter(format="pdf"), mode="keyword")
    assert {p.source for p in only.passages} == {INSIDE[0]}
    whole = rag.query("walrus turbine", chosen=Filter(path="*.eml"), mode="keyword").passages
    assert {p.source for p in whole} == set(INSIDE)
    # An attachment without a date of its own is of the day on which it was sent.
    day = Filter(since="2024-05-01", until="2024-05-01")
    found = rag.query("walrus minutes", chosen=day, mode="keyword").passages
    assert {p.source for p in found} == {INSIDE[1], "docs/letter.eml"}
    assert rag.query("Minutes", mode="keyword").passages[0].title == "会议纪要"


def test_names_of_parts(rag: Rag, letter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rag.ingest()
    assert rag.show(INSIDE[1]).text == "A walrus sleeps."
    assert "Rotterdam" in rag.show(f"{INSIDE[0]}#page=2").text
    assert "Rotterdam" in rag.show(f"{INSIDE[0]}:2").text
    assert rag.show("docs/letter.eml").text.startswith("Subject: 会议纪要\n")
    assert [f.source for f in rag.files("docs/letter.eml")] == ["docs/letter.eml", *INSIDE]
    assert [f.source for f in rag.files("docs/letter.eml#part=2")] == [INSIDE[0]]
    assert [c.chunk.text for c in rag.chunks(INSIDE[1]).chunks] == ["A walrus sleeps."]
    monkeypatch.chdir(letter.parent)
    assert rag.show("letter.eml#part=3/note.txt").text == "A walrus sleeps."
    with pytest.raises(NotInProject, match="not in this project"):
        rag.show("letter.eml#part=9/none.txt")


def test_an_unchanged_file_is_not_read_again_and_a_changed_one_loses_old_parts(
    rag: Rag, letter: Path
) -> None:
    rag.ingest()
    assert rag.ingest().read_files == 0
    letter.write_bytes(mail("会议纪要", "Minutes of the meeting.", note__txt=b"A walrus sleeps."))
    assert next(f for f in rag.files(INSIDE[1])).stale
    report = rag.ingest()
    assert changes(report) == {"updated": 1, "unchanged": 3, "embedded_chunks": 1}
    assert [f.source for f in rag.files("docs/letter.eml")] == [
        "docs/letter.eml", "docs/letter.eml#part=2/note.txt",
    ]  # fmt: skip
    assert not rag.query("turbine", mode="keyword").passages
    assert top(rag, "walrus") == "docs/letter.eml#part=2/note.txt"


def test_equal_attachments_share_a_document(rag: Rag, letter: Path, home: Path) -> None:
    (home / "docs/copy.txt").write_bytes(b"A walrus sleeps.")
    (home / "docs/other.eml").write_bytes(mail("again", "See.", note__txt=b"A walrus sleeps."))
    rag.ingest()
    found = rag.query("walrus", mode="keyword").passages
    assert [p.source for p in found] == ["docs/copy.txt"]
    assert set(found[0].also_in) == {INSIDE[1], "docs/other.eml#part=2/note.txt"}
    (home / "docs/copy.txt").unlink()
    rag.ingest()
    assert top(rag, "walrus") == INSIDE[1]


def test_parts_go_and_move_with_their_file(rag: Rag, letter: Path, home: Path) -> None:
    rag.ingest()
    letter.rename(home / "docs/moved.eml")
    assert changes(rag.ingest()) == {"moved": 1, "unchanged": 3}
    assert top(rag, "walrus") == "docs/moved.eml#part=3/note.txt"
    (home / "docs/moved.eml").unlink()
    assert changes(rag.ingest()) == {"removed": 1, "unchanged": 3}
    assert len(sources(rag)) == 3 and rag.status().parts == 0


def test_rm_takes_a_file_out_with_its_parts(rag: Rag, letter: Path) -> None:
    rag.ingest()
    with pytest.raises(NotInProject) as caught:
        rag.remove([INSIDE[0]])
    assert caught.value.hint == "take that out: rag rm 'docs/letter.eml'"
    assert rag.remove(["docs/letter.eml"]).files == ("docs/letter.eml",)
    rag.ingest()
    assert len(sources(rag)) == 3
    rag.ingest(["docs/letter.eml"])
    assert len(sources(rag)) == 6
    rag.remove(["docs"])
    assert sources(rag) == [] and rag.store.is_empty()


def test_the_messages_of_a_mailbox(rag: Rag, home: Path) -> None:
    path = home / "docs/in.mbox"
    one = mail("First", "About pelicans.", list__txt=b"Herons and storks.")
    two = mail("Second", "About walruses.")
    path.write_bytes(box(one, two))
    report = rag.ingest()
    assert (report.added, report.files, report.parts) == (1, 4, 3)
    names = ["docs/in.mbox", *(f"docs/in.mbox#part={p}" for p in ("1", "1/2/list.txt", "2"))]
    assert [f.source for f in rag.files("docs/in.mbox")] == names
    assert {f.state for f in rag.files("docs/in.mbox")} == {"stored"}
    passage = rag.query("herons", mode="keyword").passages[0]
    assert passage.source == names[2]
    assert rag.show(names[3]).title == "Second"
    with pytest.raises(NotInProject, match="no text of its own; it holds 3 files") as caught:
        rag.show("docs/in.mbox")
    assert caught.value.hint == "see which: rag ls 'docs/in.mbox'"
    assert "holds other files" in str(rag.why_not("herons", "docs/in.mbox"))
    # A message more costs that message.
    path.write_bytes(box(one, two, mail("Third", "About narwhals.")))
    report = rag.ingest()
    assert (report.updated, report.embedded_chunks, report.parts) == (1, 1, 4)
    path.rename(home / "docs/out.mbox")
    assert changes(rag.ingest()) == {"moved": 1, "unchanged": 3}


def test_a_part_that_cannot_be_read_costs_that_part(rag: Rag, home: Path) -> None:
    path = home / "docs/x.eml"
    path.write_bytes(mail("s", "The body.", old__doc=b"\xd0\xcf\x11\xe0", empty__txt=b""))
    report = rag.ingest()
    assert [(s, p.code) for s, p in report.new_problems] == [
        ("docs/x.eml#part=2/old.doc", "unsupported")
    ]
    assert report.new_problems[0][1].hint
    again = rag.ingest()
    assert (again.new_problems, again.known_problems, again.read_files) == ((), 1, 0)
    assert rag.ingest(retry=True).read_files == 1
    assert rag.show("docs/x.eml").text.endswith("The body.")


def test_archives_are_looked_into_when_asked_for(home: Path) -> None:
    path = home / "docs/a.zip"
    path.write_bytes(zipped(guide__md="# Guide\n\nAbout pelicans.", __hidden="x"))
    with Rag.create(home, model="fake:64") as rag:
        report = rag.ingest(["docs"])
        assert (report.files, report.skipped) == (3, {"archive": 1})
        assert rag.ingest(["docs/a.zip"]).new_problems[0][1].hint == "rag ingest --archives"
    with Rag.open(home, archives=True) as rag:
        rag.ingest()
        assert top(rag, "pelicans") == "docs/a.zip#part=guide.md"
        assert rag.status().problem_count == 0
    with Rag.open(home) as rag:
        # It stays, as it was read, until archives are asked for again.
        path.write_bytes(zipped(guide__md="# Guide\n\nAbout herons."))
        report = rag.ingest()
        assert (report.removed, report.read_files) == (0, 0)
        assert rag.query("pelicans", mode="keyword").passages[0].stale
    with Rag.open(home, archives=True) as rag:
        assert rag.ingest().updated == 1
        assert not rag.query("pelicans", mode="keyword").passages
        path.unlink()
        assert rag.ingest().removed == 1


def test_a_run_that_is_stopped_within_a_file_reads_it_again(
    rag: Rag, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / "docs/in.mbox"
    path.write_bytes(box(*(mail(f"s{n}", f"Number {n}, about n{n}n.") for n in range(5))))
    monkeypatch.setattr("ragcli.recipes.intake.FIRST_COMMIT_S", 0.0)
    monkeypatch.setattr("ragcli.recipes.intake.COMMIT_EVERY_S", 0.0)
    steps = iter(range(100))

    def stop(*_: object) -> None:
        if next(steps) == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("ragcli.recipes.backlog.Backlog.step", stop)
        with pytest.raises(KeyboardInterrupt):
            rag.ingest()
    assert ledger.file_at(rag.store.connection, b"docs/in.mbox") is None
    assert len(rag.files("docs/in.mbox*")) == 2
    assert all(f.stale for f in rag.files("docs/in.mbox*"))
    report = rag.ingest()
    assert (report.added, report.parts) == (1, 5)
    path.unlink()
    rag.ingest()
    assert len(sources(rag)) == 3


def test_a_file_named_like_a_part(rag: Rag, letter: Path) -> None:
    twin = Path(f"{letter}#part=3")
    twin.mkdir()
    (twin / "note.txt").write_text("An ordinary file about ospreys.")
    rag.ingest()
    assert top(rag, "ospreys").startswith(INSIDE[1]) and top(rag, "walrus").startswith(INSIDE[1])
    assert top(rag, "ospreys") != top(rag, "walrus")
    before = sources(rag)
    os.utime(letter)
    rag.ingest()
    assert sources(rag) == before


def test_a_removal_of_many_counts_files_not_parts(home: Path) -> None:
    folder = home / "mails"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.eml").write_bytes(mail("s", f"Body {number}", a__txt=b"x%d" % number))
    with Rag.create(home, model="fake:64") as rag:
        rag.ingest(["mails"])
        for number in range(39):
            (folder / f"{number}.eml").unlink()
        # 39 files are fewer than 50; with their parts they would be 78.
        assert changes(rag.ingest()) == {"removed": 39, "unchanged": 1}


def test_damage_in_a_part_is_mended_from_its_file(rag: Rag, letter: Path) -> None:
    rag.ingest()
    with rag.store.transaction():
        rag.store.connection.execute("UPDATE texts SET text = replace(text, 'walrus', 'walnut')")
    rag.doctor(repair=True)
    rag.ingest()
    assert top(rag, "walrus") == INSIDE[1]


def test_extract_shows_a_part(letter: Path) -> None:
    options = ReadOptions()
    assert extract(Path(f"{letter}#part=3/note.txt"), options).text == "A walrus sleeps."
    letter.with_name("in.mbox").write_bytes(box(letter.read_bytes()))
    with pytest.raises(Unreadable) as caught:
        extract(letter.with_name("in.mbox"), options)
    assert "in.mbox#part=1" in str(caught.value.hint)
