"""Question sets against a project: what a set's names and places mean, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.project import paged_pdf, write

from ragcli import Rag, trials
from ragcli.errors import NotInProject, UsageError
from ragcli.evaluation.questions import QuestionSet, parse
from ragcli.recipes import own_questions, question_files, runs, self_made
from ragcli.recipes.evaluate import Evaluation, prepare
from ragcli.recipes.gold import Resolver


def asked(*entries: dict[str, object], folder: Path | None = None) -> QuestionSet:
    lines = [json.dumps({"question": f"warranty {n}?", **e}) for n, e in enumerate(entries)]
    return QuestionSet("set", parse(lines, "set"), folder and folder.as_posix())


def about(**place: object) -> dict[str, object]:
    return {"relevant": [place]}


def evaluated(rag: Rag, *entries: dict[str, object], **more: object) -> Evaluation:
    return run(rag, asked(*entries), **more)


def run(rag: Rag, asked: QuestionSet, **more: object) -> Evaluation:
    return trials.evaluate(rag, prepare(rag.store, asked), **more)  # type: ignore[arg-type]


def test_a_run_of_every_kind_of_place(rag: Rag) -> None:
    text = (rag.folder.root / "docs/guide.md").read_text()
    start = text.index("The warranty")
    done = evaluated(
        rag,
        about(file="guide.md"),
        about(file="docs/guide.md", start=start, end=len(text) - 1),
        about(file="guide.md", lines=5),
        about(file="guide.md", text="runs for  24\nmonths"),
    )
    assert [o.metrics["hit@5"] for o in done.outcomes] == [1, 1, 1, 1]
    assert not done.unresolved and not done.left_out
    assert done.metrics["recall@5"].questions == 4
    assert done.metrics["char_recall@5"].questions == 3
    assert (done.subject.mode, done.subject.model, done.subject.files) == ("hybrid", "fake:64", 3)
    assert 0 < done.latency.p50_ms <= done.latency.p95_ms


def test_pages(rag: Rag) -> None:
    (rag.folder.root / "docs/two.pdf").write_bytes(paged_pdf(["about apples", "about pears"]))
    rag.ingest()
    done = evaluated(
        rag,
        {"question": "pears", **about(file="two.pdf", page=2)},
        {"question": "apples", **about(file="two.pdf", page=3)},
    )
    assert [o.metrics["hit@10"] for o in done.outcomes] == [1, 0]
    (lost,) = done.unresolved
    assert (lost.why, lost.left_out) == ("it has no page 3 with text", False)


def test_what_is_not_in_the_project_is_left_out_and_said(rag: Rag) -> None:
    done = evaluated(rag, about(file="guide.md"), about(file="gone.md"))
    assert len(done.left_out) == 1 and len(done.outcomes) == 1
    assert [(u.place.file, u.why, u.left_out) for u in done.unresolved] == [
        ("gone.md", "it is not in this project", True)
    ]
    assert done.metrics["recall@5"].mean == 1
    with pytest.raises(NotInProject, match=r"no question of set .*gone.md: it is not in"):
        evaluated(rag, about(file="gone.md"))


def test_a_place_that_is_gone_counts_as_not_found(rag: Rag) -> None:
    done = evaluated(
        rag,
        about(file="guide.md", text="no such words"),
        about(file="guide.md", lines=99),
        about(file="guide.md", start=10_000, end=10_001),
    )
    assert [o.metrics["recall@10"] for o in done.outcomes] == [0, 0, 0]
    assert {u.why for u in done.unresolved} == {
        "the quoted text is not in it",
        "it ends before the place that is named",
    }


def test_a_file_that_could_not_be_read_counts_as_not_found(rag: Rag) -> None:
    (rag.folder.root / "docs/broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    rag.ingest()
    done = evaluated(rag, about(file="broken.pdf", page=1), about(file="broken.pdf"))
    assert [u.left_out for u in done.unresolved] == [False, False]
    assert [o.rank for o in done.outcomes] == [None, None]


def test_offsets_that_have_moved_are_found_by_their_text(rag: Rag) -> None:
    resolver = Resolver(rag.store, asked())
    entry = about(file="notes.txt", start=0, end=8, text="batteries")
    judged = resolver.judged(asked(entry).questions[0])
    text = (rag.folder.root / "docs/notes.txt").read_text()
    assert judged is not None
    assert judged.gold[0].spans == ((text.index("batteries"), text.index("batteries") + 9),)


def test_a_quotation_that_stands_twice_has_two_places(rag: Rag) -> None:
    (question,) = asked(about(file="notes.txt", text="line")).questions
    judged = Resolver(rag.store, asked()).judged(question)
    assert judged is not None and len(judged.gold[0].spans) == 3


def test_the_nearest_file_of_a_name_is_meant(rag: Rag) -> None:
    root = rag.folder.root
    for place in ("docs/en/corpus/x.txt", "docs/zh/corpus/x.txt"):
        write(root / place, f"warranty of {place}\n")
    rag.ingest()

    def meant(folder: Path | None) -> str:
        set_ = asked(about(file="x.txt"), folder=folder)
        resolver = Resolver(rag.store, set_)
        judged = resolver.judged(set_.questions[0])
        return judged.gold[0].source if judged else resolver.unresolved[0].why

    assert meant(root / "docs/zh") == "docs/zh/corpus/x.txt"
    assert meant(root / "docs/en") == "docs/en/corpus/x.txt"
    assert "2 files of this project have that name" in meant(root / "elsewhere")
    write(root / "x.txt", "warranty at the root\n")
    rag.ingest(["x.txt"])
    assert meant(None) == "x.txt"


def test_equal_files_are_one_place(rag: Rag) -> None:
    write(rag.folder.root / "docs/a-copy.txt", (rag.folder.root / "docs/notes.txt").read_text())
    rag.ingest()
    both = [{"file": "notes.txt"}, {"file": "a-copy.txt", "grade": 2}]
    done = evaluated(rag, {"question": "second line about batteries", "relevant": both})
    assert done.outcomes[0].metrics["recall@1"] == 1
    assert done.outcomes[0].metrics["ndcg@10"] == 1


def test_groups_and_languages(rag: Rag) -> None:
    write(rag.folder.root / "docs/zh.txt", "保修期为二十四个月，自交付之日起计算。" * 3)
    rag.ingest()
    english = "what is the length of the warranty that is given for this?"
    zh = about(file="zh.txt")
    done = evaluated(
        rag,
        {"id": "a", "question": english, "group": "g", **zh},
        {"id": "b", "question": "保修期有多长时间？", **zh},
    )
    named = {(g.kind, g.name): g.questions for g in done.groups}
    assert named == {("group", "g"): 1, ("languages", "en → zh"): 1, ("languages", "zh → zh"): 1}
    german = "Wie lange dauert die Gewährleistung, und wer bezahlt danach die Reparatur? " * 4
    write(rag.folder.root / "docs/long.txt", "The notes of a day in the hills. " * 20)
    rag.ingest()
    told = evaluated(rag, {"id": "c", "question": german, **about(file="long.txt")})
    assert [g.name for g in told.groups] == ["de → en"]
    alone = evaluated(rag, {"id": "b", "question": "保修期有多长时间？", **zh})
    assert not alone.groups


def test_runs_are_paired_by_unchanged_questions(rag: Rag) -> None:
    first = evaluated(
        rag,
        {"id": "a", **about(file="guide.md")},
        {"id": "b", **about(file="notes.txt")},
    )
    second = evaluated(
        rag,
        {"id": "a", **about(file="guide.md")},
        {"id": "b", **about(file="deep.txt")},
        {"id": "c", **about(file="deep.txt")},
    )
    folder = rag.folder.evaluations
    file = runs.save(folder, "before", runs.as_object([("x", first)]))
    assert not file.stat().st_mode & 0o077 and not folder.stat().st_mode & 0o077
    loaded = runs.load(folder, "before")
    found = runs.compare(loaded, runs.scored("now", second))
    assert (found.questions, found.others) == (1, 2)
    assert found.differences["recall@5"].same == 1
    with pytest.raises(NotInProject, match="there are before"):
        runs.load(folder, "after")
    with pytest.raises(UsageError, match="no name for a run"):
        runs.load(folder, "../x")
    (folder / "bad.json").write_text("{}")
    with pytest.raises(UsageError, match="no saved run"):
        runs.load(folder, "bad")
    with pytest.raises(UsageError, match="no question in common"):
        runs.compare(
            runs.scored("x", first),
            runs.scored("y", evaluated(rag, {"id": "z", **about(file="guide.md")})),
        )


def test_own_questions_grow_line_by_line(rag: Rag) -> None:
    with pytest.raises(UsageError, match="no questions of its own"):
        own_questions.read(rag.folder)
    place = own_questions.place_named(rag.store, "docs/notes.txt:2")
    assert (place.lines, place.text) == ((2, 2), "second line about batteries")
    own_questions.add(rag.folder, "  batteries? ", [place])
    file = rag.folder.questions
    file.write_text(file.read_text().rstrip("\n"))  # edited by hand
    own_questions.add(
        rag.folder, "batteries?", [own_questions.place_named(rag.store, "docs/guide.md")]
    )
    (question,) = own_questions.read(rag.folder).questions
    assert [r.file for r in question.relevant] == ["docs/notes.txt", "docs/guide.md"]
    assert not file.stat().st_mode & 0o077
    assert "questions.jsonl" not in str(rag.doctor().checks[0].detail)
    file.chmod(0o644)
    assert "questions.jsonl" in rag.doctor().checks[0].detail
    with pytest.raises(UsageError, match="the question is empty"):
        own_questions.add(rag.folder, " \n", [place])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("docs/notes.txt:9", "no text in line 9"),
        ("docs/notes.txt:2-9", "no text in line 2-9"),
        ("docs/notes.txt:0", "no text in line 0"),
        ("docs/nothing.txt", "not in this project"),
        ("docs/two.pdf:7", "no page 7"),
    ],
)
def test_places_that_are_not_there(rag: Rag, name: str, why: str) -> None:
    (rag.folder.root / "docs/two.pdf").write_bytes(paged_pdf(["apples", "pears"]))
    rag.ingest()
    with pytest.raises(NotInProject, match=why):
        own_questions.place_named(rag.store, name)
    assert own_questions.place_named(rag.store, "docs/two.pdf:2").page == 2


# ------------------------------------------------------------------ BEIR


@pytest.fixture
def beir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "tiny"
    documents = [
        ("d1", "Warranty", "It runs for 24 months."),
        ("d2", "", "Batteries are covered for less."),
        ("d3", "", "Batteries are covered for less."),
        ("q2", "", "who pays for returns"),
        ("d5", "", "the sender is who pays for returns"),
    ]
    corpus = (json.dumps({"_id": i, "title": t, "text": x}) for i, t, x in documents)
    write(folder / "corpus.jsonl", "\n".join(corpus))
    queries = [("q1", "how long is the warranty?"), ("q2", "who pays for returns"), ("q3", "x")]
    lines = (json.dumps({"_id": i, "text": t}) for i, t in queries)
    write(folder / "queries.jsonl", "\n".join(lines))
    write(folder / "qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td5\t1\n")
    write(folder / "qrels/dev.tsv", "query-id\tcorpus-id\tscore\nq1\td3\t1\n")
    return folder


def test_a_beir_folder_just_works(beir: Path) -> None:
    notes: list[str] = []
    flags = {"model": "fake:64"}
    with trials.of_corpus(beir, flags, None, lambda e: notes.append(e.message)) as trial:
        assert trial.rag.store.counts()["documents"] == 4  # equal texts are stored once
        done = run(trial.rag, trial.asked)
        runs.save(trial.runs, "first", runs.as_object([("x", done)]))
    assert done.metrics["ndcg@10"].mean == 1  # q2 is not its own answer
    assert done.subject.files == 5
    assert any("the corpus is kept in" in note for note in notes)
    notes.clear()
    with trials.of_corpus(beir, {"model": "fake:32"}, "dev", lambda e: None) as trial:
        assert len(trial.asked.questions) == 1
        runs.load(trial.runs, "first")  # saved beside the corpus, whatever the model
    with trials.of_corpus(beir, flags, None, lambda e: notes.append(e.message)):
        assert not any(notes)


def test_a_corpus_that_was_interrupted_goes_on(beir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ragcli.recipes.corpus.COMMIT_EVERY_S", 0.0)
    flags = {"model": "fake:64"}

    def stop(event: object) -> None:
        if event.kind == "reading" and event.done == 3:  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), trials.of_corpus(beir, flags, None, stop):
        pass
    with trials.of_corpus(beir, flags, None, lambda e: None) as trial:
        assert trial.rag.store.counts()["files"] == 5
        assert run(trial.rag, trial.asked).metrics["ndcg@10"].mean == 1


def test_qrels_about_the_projects_own_files(rag: Rag, beir: Path) -> None:
    (beir / "corpus.jsonl").unlink()
    write(beir / "qrels/test.tsv", "q1 0 guide 1\n")
    found = question_files.read(beir)
    assert run(rag, found).metrics["hit@5"].mean == 1


def test_folders_that_are_no_set(tmp_path: Path, beir: Path) -> None:
    with pytest.raises(UsageError, match="is no question set"):
        question_files.read(tmp_path)
    with pytest.raises(UsageError, match=r"has no qrels/train.tsv; there are dev, test"):
        question_files.read(beir, "train")
    with pytest.raises(UsageError, match="cannot read"):
        question_files.read(tmp_path / "nothing.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"question": "\xe9"}')
    with pytest.raises(UsageError, match="not UTF-8"):
        question_files.read(tmp_path / "latin.jsonl")


def test_compressed_files(tmp_path: Path) -> None:
    import gzip

    line = json.dumps({"question": "a\u2028b?", "relevant": ["a.md"]}, ensure_ascii=False)
    (tmp_path / "q.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    assert question_files.read(tmp_path / "q.jsonl.gz").questions[0].text == "a\u2028b?"
    assert question_files.read(tmp_path / "q.jsonl.gz").folder == tmp_path.as_posix()


# ------------------------------------------------------------------ made from the documents


def animals(*names: str) -> str:
    sentence = "The {} of the valley are kept by farmers who know them well, as they say."
    return " ".join(sentence.format(name) for name in names) + "\n"


def herd(first: str) -> str:
    return animals(*(first + name for name in "abcdefghijklmnopqrst"))


def test_a_self_made_set_is_kept_and_mended(rag: Rag, home: Path) -> None:
    for name in ("one", "two", "three"):
        write(home / f"docs/{name}.txt", herd(name))
    rag.ingest()
    before = self_made.questions(rag.store)
    assert not home.joinpath(".rag/self-questions.jsonl").stat().st_mode & 0o077
    assert {q.group for q in before.questions} >= {"sentence", "phrase"}
    assert self_made.questions(rag.store) == before
    (home / "docs/two.txt").unlink()
    write(home / "docs/three.txt", "Another beginning.\n\n" + herd("three"))
    write(home / "docs/four.txt", herd("four"))
    rag.ingest()
    after = self_made.questions(rag.store)
    kept = {q.id for q in before.questions} & {q.id for q in after.questions}
    assert {q.id for q in before.questions if q.relevant[0].file == "docs/one.txt"} <= kept
    files = {q.relevant[0].file for q in after.questions}
    assert "docs/two.txt" not in files and "docs/four.txt" in files
    with pytest.raises(UsageError, match="too little text"):
        for name in ("one", "three", "four"):
            (home / f"docs/{name}.txt").unlink()
        for name in ("guide.md", "notes.txt", "sub/deep.txt"):
            (home / "docs" / name).write_text("x\n")
        rag.ingest()
        self_made.questions(rag.store)


def test_its_sentences_are_taken_out_of_a_copy(rag: Rag, home: Path) -> None:
    write(home / "docs/one.txt", herd("one"))
    rag.ingest()
    stored = home.joinpath(".rag/store.sqlite").read_bytes()
    text = (home / "docs/one.txt").read_text()
    with trials.of_itself(str(home), {}, lambda e: None) as trial:
        done = run(trial.rag, trial.asked)
        sentences = [q for q in trial.asked.questions if q.group == "sentence"]
        copied = trial.rag.show("docs/one.txt").text
        assert len(copied) == len(text)
        for question in sentences:
            assert question.text in text and question.text not in copied
        for passage in trial.rag.query(sentences[0].text, mode="keyword").passages:
            assert passage.text == copied[passage.char_start : passage.char_end] or (
                passage.source != "docs/one.txt"
            )
        place = trial.rag.folder.root
        assert trial.rag.doctor(deep=True).healthy
    assert not place.exists()
    assert sentences and not done.unresolved and done.caution
    assert home.joinpath(".rag/store.sqlite").read_bytes() == stored
