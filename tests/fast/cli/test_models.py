"""``rag models``: what is here, what is worth knowing, and models side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.ollama_server import FakeModel, FakeOllama

from ragcli.models import installed
from ragcli.trust import Trust


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "packaged", lambda: None)


SERVED = [
    FakeModel("bge-m3:latest", ("embedding",), context_length=8192, dimension=1024),
    FakeModel("huge:120b-cloud"),
    FakeModel("qwen3:4b"),
    FakeModel("sneaky:latest", remote_host="https://ollama.com"),
]


# ------------------------------------------------------------------ what there is


def test_without_a_project_the_languages_stand_for_themselves(surroundings, rag):
    run = rag("models")
    assert run.code == 0
    lines = run.out.splitlines()
    assert lines[:2] == ["On this machine:", "  no model"]
    assert all(len(line) <= 80 for line in lines)
    (row,) = [line for line in lines if "BAAI/bge-base-en-v1.5" in line]
    assert row.split() == ["BAAI/bge-base-en-v1.5", "en", "436", "MB", "512", "53.2", "-", "-"]
    assert any("embeddinggemma-300m (Gemma)" in line for line in lines)
    assert "Not run from its files" in run.out and "Ollama does not answer" in run.err


def test_in_a_project_the_table_says_how_each_fits(project, rag):
    run = rag("models", terminal=True)
    lines = run.out.splitlines()
    assert lines[0].endswith("fake:64") and "128 tokens" in lines[0]
    assert all(len(line) <= 80 for line in lines)
    found = rag("models", "--json").object
    shares = found["corpus"]["languages"]
    assert sum(shares.values()) == pytest.approx(1)
    by_name = {one["name"]: one for one in found["known"]}
    assert by_name["BAAI/bge-m3"]["fit"]["knows"] == 1
    english = by_name["BAAI/bge-small-en-v1.5"]["fit"]
    assert english["knows"] == pytest.approx(shares.get("en", 0))
    assert english["index_bytes"] == found["corpus"]["chunks"] * 384 * 4
    assert by_name["Qwen/Qwen3-Reranker-0.6B"]["obstacle"]
    for one in found["known"]:
        for score in one["scores"]:
            assert found["sources"][score["source"]]["address"].startswith("https://")
            assert score["benchmark"] in found["benchmarks"]


def test_larger_chunks_than_a_model_takes_would_shrink(project, rag):
    assert rag("reembed", "--chunk-tokens", "255").code == 0
    found = {one["name"]: one for one in rag("models", "--json").object["known"]}
    assert found["sentence-transformers/all-MiniLM-L6-v2"]["fit"]["chunk_tokens"] == 254
    assert found["BAAI/bge-m3"]["fit"]["chunk_tokens"] is None
    assert "Chunks would shrink with sentence-transformers/all-MiniLM-L6-v2 to 254" in (
        " ".join(rag("models").out.split())
    )


def test_what_ollama_has_and_what_it_only_offers(surroundings, rag, monkeypatch):
    with FakeOllama(models=list(SERVED)) as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        found = rag("models", "--json").object
        assert {path for path, _ in fake.requests} == {"/api/tags", "/api/show"}
        assert "huge:120b-cloud" not in [body["model"] for body in fake.asked("/api/show")]
        out = rag("models").out
    here = {one["name"]: one for one in found["here"]}
    embedder = here["ollama:bge-m3:latest"]
    assert (embedder["role"], embedder["where"]) == ("embedder", "ollama")
    assert (embedder["dimension"], embedder["max_tokens"]) == (1024, 8192)
    assert embedder["languages"] == ["multilingual"]
    assert here["ollama:qwen3:4b"]["role"] == "generator"
    for name in ("ollama:huge:120b-cloud", "ollama:sneaky:latest"):
        assert here[name]["where"] == "ollama-cloud"
        assert "leaves this machine" in here[name]["obstacle"]
    (row,) = [one for one in found["known"] if one["name"] == "BAAI/bge-m3"]
    assert row["here"] == "ollama:bge-m3:latest"
    assert "+ BAAI/bge-m3" in out and "Ollama's cloud" in out


def test_an_ollama_elsewhere_is_not_asked(surroundings, rag, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "192.0.2.1:11434")
    run = rag("models", "--json")
    assert run.object["notes"] == [
        "Ollama at http://192.0.2.1:11434 is another machine, and was not asked"
    ]


def test_what_a_server_calls_its_models_does_nothing_to_a_terminal(surroundings, rag, monkeypatch):
    with FakeOllama(models=[FakeModel("evil\x1b[31m\u202e:latest")]) as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        out = rag("models", terminal=True).out + rag("models", "evil", terminal=True).out
    assert "\x1b[31m" not in out and "\u202e" not in out and "evil" in out


def test_one_model_with_all_that_is_known(project, rag):
    run = rag("models", "qwen3-embedding-0.6b")
    assert run.code == 0
    assert "ollama pull qwen3-embedding:0.6b" in run.out
    assert "MTEB Multilingual, version 2 (MMTEB): its 18 retrieval tasks" in run.out
    assert "https://huggingface.co/Qwen/Qwen3-Embedding-0.6B" in run.out
    assert "taught the languages of 100 % of the text" in run.out
    assert 'retrieve relevant passages that answer the query\\nQuery:"' in " ".join(run.out.split())
    assert all(len(line) <= 80 for line in run.out.splitlines())
    found = rag("models", "bge-m3", "--json").object
    assert [one["name"] for one in found["known"]] == ["BAAI/bge-m3"]
    run = rag("models", "no-such-model")
    assert (run.code, run.out) == (4, "")
    assert "no model has `no-such-model` in its name" in run.err


def test_a_project_that_was_named_and_is_not_there(surroundings, rag):
    assert rag("models", "--project", "nowhere").code == 10


# ------------------------------------------------------------------ side by side

LINES = [
    {"id": "w", "question": "how long is the warranty?", "relevant": [{"file": "guide.md"}]},
    {"id": "p", "question": "when was the picnic?", "relevant": [{"file": "notes.txt"}]},
]


@pytest.fixture
def questions(project: Path) -> str:
    text = "".join(json.dumps(one) + "\n" for one in LINES)
    Path("q.jsonl").write_text(text, encoding="utf-8")
    return "q.jsonl"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.name: file.read_bytes()
        for file in sorted((folder / ".rag").iterdir())
        if file.is_file() and not file.name.endswith(("-shm", "-wal"))
    }


def test_bench_compares_and_leaves_the_project_as_it_was(questions, project, rag):
    before = contents(project)
    run = rag("models", "bench", "fake:32", "fake:64", "--questions", questions)
    assert run.code == 0
    lines = run.out.splitlines()
    assert lines[0].split() == ["load", "chunks/s", "tokens/s", "question", "disk"]
    assert lines[1].startswith("* fake:64 ") and lines[2].startswith("  fake:32 ")
    assert "recall@5" in run.out and "fake:32 and fake:64" in run.out
    assert "embedding all" in run.err and "2 questions are few" in run.err
    assert contents(project) == before


def test_bench_as_json(questions, rag):
    run = rag("models", "bench", "fake:32", "--questions", questions, "--json")
    found = run.object
    own, other = found["models"]
    assert (own["model"], own["used"], other["model"], other["used"]) == (
        "fake:64", True, "fake:32", False,
    )  # fmt: skip
    assert (own["dimension"], other["dimension"]) == (64, 32)
    assert all(one["chunks"] > 0 and one["chunks_per_s"] > 0 for one in found["models"])
    assert own["index_bytes"] == 2 * other["index_bytes"]
    assert found["sample"]["documents"] == found["sample"]["of_documents"] == 3
    quality = replace(run, out=json.dumps(found["quality"])).object  # it fits its own schema
    assert [one["name"] for one in quality["runs"]] == ["fake:64", "fake:32"]
    assert [one["model"] for one in quality["runs"]] == ["fake:64", "fake:32"]
    assert all(one["metrics"]["recall@5"]["mean"] == 1 for one in quality["runs"])
    assert quality["comparisons"][0]["questions"] == 2


def test_a_sample_keeps_all_that_answers(questions, rag):
    found = rag("models", "bench", "fake:32", "--questions", questions, "--chunks", "1", "--json")
    sample = found.object["sample"]
    assert (sample["documents"], sample["of_documents"]) == (2, 3)
    assert sample["chunks"] < sample["of_chunks"]
    assert all(one["files"] == 2 for one in found.object["quality"]["runs"])
    out = rag("models", "bench", "fake:32", "--questions", questions, "--chunks", "1").out
    assert "On 2 of 3 documents," in out and "all that answer, and others" in out
    whole = rag("models", "bench", "fake:32", "--questions", questions, "--all", "--json").object
    assert whole["sample"]["documents"] == 3


def test_without_questions_they_are_made_and_what_they_cannot_tell_is_said(project, rag):
    before = contents(project)
    run = rag("models", "bench", "fake:32", "--json")
    assert run.code == 0
    assert "made from the documents" in run.object["quality"]["set"]
    assert "which model" in run.err
    assert contents(project) == before


def test_speed_alone(project, rag):
    found = rag("models", "bench", "fake:64", "--speed", "--json").object
    assert [one["model"] for one in found["models"]] == ["fake:64"]
    assert found["sample"] is None and found["quality"] is None


def test_a_model_that_ollama_serves(questions, rag, monkeypatch):
    with FakeOllama(models=[FakeModel("tiny:latest", ("embedding",), dimension=16)]) as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.host)
        args = ("ollama:tiny", "--questions", questions, "--json", "--mode", "dense")
        found = rag("models", "bench", *args).object
    served = found["models"][1]
    assert (served["model"], served["dimension"]) == ("ollama:tiny", 16)
    assert served["size_bytes"] == 1000  # as the server says
    assert found["quality"]["runs"][1]["model"] == "ollama:tiny"


def test_questions_about_other_files_are_told(project, rag):
    lines = [LINES[0], {"id": "o", "question": "?", "relevant": [{"file": "other.md"}]}]
    Path("q.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    run = rag("models", "bench", "fake:32", "--questions", "q.jsonl")
    assert run.code == 3 and "1 of 2 questions left out" in run.err


@pytest.mark.parametrize(
    ("args", "code", "why"),
    [
        (("nope:1",), 20, "there is no provider `nope`"),
        (("my/unknown-model", "--speed"), 20, "could not be downloaded"),
        (
            ("BAAI/bge-reranker-v2-m3",),
            2,
            "rag eval --compare reranker=off,BAAI/bge-reranker-v2-m3",
        ),
        (("fake:32", "--all", "--chunks", "5"), 2, "--all goes without --chunks"),
        ((), 2, ""),
    ],
)
def test_what_cannot_be_measured(project, rag, args, code, why):
    run = rag("models", "bench", *args)
    assert (run.code, run.out) == (code, "")
    assert why in run.err


def test_there_is_nothing_to_measure_on(surroundings, rag):
    assert rag("models", "bench", "fake:32").code == 10
    rag("init")
    run = rag("models", "bench", "fake:32")
    assert run.code == 2 and "rag ingest FOLDER" in run.err


def test_a_project_from_elsewhere_sends_nothing(project, rag, monkeypatch):
    monkeypatch.setattr(Trust, "given", property(lambda self: False))
    Path(".rag/config.toml").write_text('openai_base_url = "http://192.0.2.1/v1"\n')
    run = rag("models", "bench", "openai:some-model")
    assert (run.code, run.out) == (12, "")
    assert "not trusted yet: nothing was sent" in run.err


def test_interrupted_it_leaves_nothing(questions, project, rag, tmp_path, monkeypatch):
    place = tmp_path / "temporary"
    place.mkdir()
    before = contents(project)

    def interrupted(*args: object, **more: object) -> None:
        assert list(place.glob("ragcli-eval-*/.rag/store.sqlite"))
        raise KeyboardInterrupt

    monkeypatch.setattr("tempfile.tempdir", str(place))
    monkeypatch.setattr("ragcli.bench.trials.evaluate", interrupted)
    run = rag("models", "bench", "fake:32", "--questions", questions)
    assert run.code == 130 and "recall" not in run.out
    assert list(place.glob("ragcli-eval-*")) == []
    assert contents(project) == before
