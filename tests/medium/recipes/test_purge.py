"""After ``rm --purge`` no byte of the text is left in ``.rag``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.project import embeddings, sources, top, write

from ragcli import Rag, trials
from ragcli.errors import NotInProject
from ragcli.recipes import own_questions, private_files, purge, runs, self_made
from ragcli.recipes.evaluate import prepare
from ragcli.store import purge as stored
from ragcli.store import sets
from ragcli.text.terms import terms

SECRET = "docs/merger-of-quixotic.md"
TEXT = (
    "# Projekt Zyklopenauge\n\nThe Quixotic acquisition closes on 2031-02-17 for 48151623 euros.\n"
    "Our counsel Wilhelmine Oberstaufen negotiated the indemnities.\n\n"
    "## Übergangsregelungen\n\nKündigungsfristen bleiben unverändert. 收购协议保密条款\n"
)
# Words, as they stand and as terms: folded, stemmed, pairs of Han characters.
WORDS = ["quixotic", "zyklopenauge", "48151623", "oberstaufen", "wilhelmine", "indemnities"]
WORDS += ["2031-02-17", "kündigungsfristen", "übergangsregelungen", "收购", "保密条款"]


def remains(folder: Path) -> set[str]:
    """The words, in any case, that some file of the project's folder, or a name, still holds."""
    wanted = {form.lower() for word in WORDS for form in (word, *terms(word, "en"))}
    found = set()
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for text in (data, path.name.encode()):
            lowered = text.lower() + text.decode("utf-8", "replace").lower().encode()
            found |= {w for w in wanted if len(w.encode()) > 3 and w.encode() in lowered}
    return found


@pytest.fixture
def secret(rag: Rag, home: Path) -> Rag:
    """A project with a document that is to go, quoted wherever ragcli keeps words."""
    write(home / SECRET, TEXT)
    rag.ingest()
    place = own_questions.place_named(rag.store, f"{SECRET}:3")
    own_questions.add(rag.folder, "who closes on 2031-02-17?", [place])
    own_questions.add(
        rag.folder, "batteries?", [own_questions.place_named(rag.store, "docs/notes.txt:2"), place]
    )
    asked = self_made.questions(rag.store)
    assert any(SECRET in r.file for q in asked.questions for r in q.relevant)
    done = trials.evaluate(rag, prepare(rag.store, asked))
    runs.save(rag.folder.evaluations, "before", runs.as_object([("before", done)]))
    private_files.write(rag.folder.rag / "history.jsonl", '{"question": "Quixotic?"}\n')
    private_files.write(rag.folder.rag / "sessions/one.jsonl", '{"answer": "48151623 euros"}\n')
    private_files.write(rag.folder.rag / ".store.sqlite.new", "Oberstaufen")
    assert remains(rag.folder.rag) > set(WORDS)
    return rag


def test_no_byte_is_left(secret: Rag, home: Path) -> None:
    removed = secret.remove([SECRET], purge=True)
    assert removed.files == (SECRET,) and removed.purged is not None
    assert (removed.purged.complete, removed.purged.runs) == (True, 1)
    assert removed.purged.deleted == (".store.sqlite.new", "history.jsonl", "sessions")
    assert remains(secret.folder.rag) == set()
    assert top(secret, "batteries") == "docs/notes.txt"
    assert len(embeddings(secret)) == 3
    assert {c.name for c in secret.doctor().checks if c.state == "fail"} == set()
    # The project's other words are where they were.
    (question,) = own_questions.read(secret.folder).questions
    assert [r.file for r in question.relevant] == ["docs/notes.txt"]
    assert runs.load(secret.folder.evaluations, "before").metrics


def test_it_stays_out_until_it_is_named(secret: Rag, home: Path) -> None:
    secret.remove([SECRET], purge=True)
    report = secret.ingest()
    assert report.skipped["removed"] == 1
    assert secret.dry_run().new == ()
    assert remains(secret.folder.rag) == set()
    assert secret.why_not("merger", SECRET, mode="keyword").stage == "removed"
    secret.remove([SECRET], purge=True)  # again: nothing to do, and no complaint
    with pytest.raises(NotInProject):
        secret.remove(["docs/never.md"], purge=True)
    secret.ingest([SECRET])
    assert SECRET in sources(secret)
    secret.ingest()
    assert SECRET in sources(secret)


def test_what_was_removed_before_goes_without_a_name(secret: Rag, home: Path) -> None:
    write(home / SECRET, "# Nothing\n\nof interest\n")
    secret.ingest()  # its words of before are no longer the project's
    secret.remove([SECRET])
    assert remains(secret.folder.rag)
    removed = secret.remove([], purge=True)
    assert removed.files == () and removed.purged is not None
    assert removed.purged.questions
    assert remains(secret.folder.rag) == set()


def test_a_forgotten_folder_leaves_nothing(secret: Rag) -> None:
    secret.remove(["docs"], purge=True)
    assert remains(secret.folder.rag) == set()
    assert secret.query("batteries", mode="keyword").passages == ()


def test_an_equal_file_keeps_its_text_and_is_told(secret: Rag, home: Path) -> None:
    write(home / "docs/copy.md", TEXT)
    secret.ingest()
    assert secret.remove([SECRET], purge=True).shared == (SECRET,)
    assert secret.remove(["docs/copy.md"], purge=True).shared == ()
    assert remains(secret.folder.rag) == set()


def test_files_that_are_not_ours_are_named(secret: Rag) -> None:
    write(secret.folder.rag / "mine.txt", "something")
    with (secret.folder.rag / "questions.jsonl").open("a") as file:
        file.write("no question\n")
    purged = secret.remove([SECRET], purge=True).purged
    assert purged is not None and purged.unknown == ("mine.txt",)
    assert (secret.folder.rag / "questions.jsonl").read_text().endswith("no question\n")


@pytest.mark.parametrize(
    "step", ["_drop_questions", "_blank", "_write_indexes_anew", "rebuild_keyword_index", "VACUUM"]
)
def test_one_that_was_killed_is_finished_by_the_next_writer(
    secret: Rag, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if step == "VACUUM":
            patch.setattr("ragcli.store.database.empty_log", die)
        elif step == "rebuild_keyword_index":
            patch.setattr(secret.store, step, die)
        else:
            patch.setattr(stored if step == "_write_indexes_anew" else purge, step, die)
        with pytest.raises(Killed):
            secret.remove([SECRET], purge=True)
    assert stored.is_unfinished(secret.store)
    (told,) = [c for c in secret.doctor().checks if c.name == "leftovers"]
    assert (told.state, told.cure) == ("warn", "rag rm --purge")
    assert top(secret, "batteries") == "docs/notes.txt"
    secret.ingest()
    assert not stored.is_unfinished(secret.store)
    assert remains(secret.folder.rag) == set()


def test_a_reader_beside_it_keeps_its_state_and_is_told_of(
    secret: Rag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.store.database.BUSY_TIMEOUT_S", 0.05)
    with Rag.open(secret.folder.root) as writer, secret.store.snapshot():
        assert len(sources(secret)) == 4
        purged = writer.remove([SECRET], purge=True).purged
        assert purged is not None and not purged.complete
        assert len(sources(secret)) == 4
        assert secret.query("indemnities", mode="keyword").passages[0].source == SECRET
    assert len(sources(secret)) == 3
    again = secret.remove([], purge=True).purged
    assert again is not None and again.complete
    assert remains(secret.folder.rag) == set()


def test_a_set_that_is_kept_beside_loses_it_too(secret: Rag) -> None:
    """The one that a switch of the model has left."""
    secret.reembed("fake:128")
    assert sets.kept(secret.store.connection) is not None
    secret.remove([SECRET], purge=True)
    counts = secret.store.connection.execute("SELECT count FROM index_files").fetchall()
    assert counts == [(3,)]
    assert remains(secret.folder.rag) == set()


def test_saved_runs_hold_nothing_but_figures(secret: Rag) -> None:
    secret.remove([SECRET], purge=True)
    saved = json.loads((secret.folder.evaluations / "before.json").read_text())
    for result in saved["runs"][0]["results"]:
        assert (result["question"], result["expected"], result["first"]) == ("", [], None)
        assert result["metrics"] and result["digest"]
