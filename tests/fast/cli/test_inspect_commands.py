"""``status``, ``ls``, ``show``, ``chunks``, ``rm``, ``reembed`` and ``doctor`` as typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

COMMANDS = [
    ["status"],
    ["ls"],
    ["show", "docs/guide.md"],
    ["chunks", "docs/guide.md"],
    ["rm", "docs/notes.txt"],
    ["reembed"],
    ["doctor"],
]


@pytest.mark.parametrize("args", COMMANDS, ids=lambda args: args[0])
def test_json_fits_its_schema_and_stderr_is_silent(project, rag, args):
    run = rag(*args, "--json")
    assert run.code == 0
    assert run.object["schema"] == f"ragcli.{args[0]}/1"
    assert run.err == "" or args[0] == "reembed"


@pytest.mark.parametrize("args", COMMANDS, ids=lambda args: args[0])
def test_without_a_project_it_is_told(surroundings, rag, args):
    run = rag(*args)
    assert (run.code, run.out) == (10, "")
    assert run.err.startswith("rag: error: no project here")


@pytest.mark.parametrize("args", [a for a in COMMANDS if a[0] != "doctor"], ids=lambda a: a[0])
def test_a_corrupt_project_is_told(project, rag, args):
    Path(".rag/store.sqlite").write_bytes(b"garbage" * 999)
    run = rag(*args)
    assert (run.code, run.out) == (13, "")
    assert "damaged" in run.err and "hint: " in run.err


# ------------------------------------------------------------------ status


def test_status_is_one_screen(project, rag):
    run = rag("status")
    assert run.code == 0 and len(run.out.splitlines()) <= 20
    assert "files        3\n" in run.out
    assert "fake:64, 64 dimensions" in run.out
    assert all(len(line) <= 80 for line in run.out.splitlines() if "project" not in line)


def test_status_of_an_empty_project(surroundings, rag):
    rag("init")
    assert "last ingest  never" in rag("status").out
    assert rag("status", "--json", "--problems", "--skipped").object["problems"] == []


def test_status_names_each_problem_and_what_was_skipped(project, rag):
    Path("docs/bad.pdf").write_bytes(b"%PDF-1.4 nothing")
    Path("docs/empty.md").write_bytes(b"")
    assert rag("ingest").code == 3
    run = rag("status", "--problems")
    assert run.out.startswith("docs/bad.pdf: failed: ") and "empty" not in run.out
    assert rag("status", "--skipped").out == "docs/empty.md: empty\n"
    found = rag("status", "--problems", "--json").object
    assert found["problems"][0]["source"] == "docs/bad.pdf"
    assert found["problems"][0]["state"] == "failed"
    assert found["states"] == {"stored": 3, "failed": 1}
    assert "files        4 (1 failed)\n" in rag("status").out
    assert found["skipped"] is None and found["problem_count"] == 1


def test_status_notes_another_model_in_a_file(project, rag):
    Path(".rag/config.toml").write_text('model = "fake:32"\n', encoding="utf-8")
    assert "note: the project's config.toml names the model `fake:32`" in rag("status").err


# ------------------------------------------------------------------ ls


def test_ls_gives_a_source_a_line_in_a_pipe_and_a_table_on_a_terminal(project, rag):
    assert rag("ls").out == "docs/guide.md\ndocs/notes.txt\ndocs/zh/保修.md\n"
    table = rag("ls", terminal=True).out
    assert "markdown" in table and "2024-05-01" in table and "docs/zh/保修.md" in table


def test_ls_by_pattern(project, rag):
    assert rag("ls", "*.txt").out == "docs/notes.txt\n"
    assert rag("ls", "docs/zh").out == "docs/zh/保修.md\n"
    run = rag("ls", "*.pdf", "--json")
    assert (run.code, run.object["files"]) == (4, [])
    assert rag("ls", "*.pdf").code == 4


def test_ls_marks_what_changed(project, rag):
    Path("docs/notes.txt").write_text("other", encoding="utf-8")
    (one,) = rag("ls", "docs/notes.txt", "--json").object["files"]
    assert one["stale"] is True
    assert "~" in rag("ls", terminal=True).out


# ------------------------------------------------------------------ show, chunks


def test_show_prints_the_stored_text(project, rag):
    text = Path("docs/guide.md").read_text(encoding="utf-8")
    Path("docs/guide.md").write_text("changed", encoding="utf-8")
    run = rag("show", "docs/guide.md")
    assert run.out == text
    assert "has changed or gone" in run.err
    assert rag("show", "docs/notes.txt:2").out == "It rained all day.\n"
    part = rag("show", "docs/guide.md:3", "--json").object
    assert part["text"] == text[part["char_start"] : part["char_end"]]


@pytest.mark.parametrize("command", ["show", "chunks", "rm"])
def test_an_unknown_file_gives_4_and_the_nearest_name(project, rag, command):
    run = rag(command, "guid.md")
    assert (run.code, run.out) == (4, "")
    assert run.err == (
        "rag: error: guid.md is not in this project\n"
        "hint: is it one of these? docs/guide.md\n"
    )  # fmt: skip


def test_show_is_harmless_on_a_terminal(project, rag):
    Path("docs/evil.txt").write_text("a\x1b]0;owned\x07b\n", encoding="utf-8")
    rag("ingest")
    assert "\x1b" not in rag("show", "docs/evil.txt", terminal=True).out
    assert rag("show", "docs/evil.txt").out == "a\x1b]0;owned\x07b\n"


def test_chunks_give_the_words_that_query_finds(project, rag):
    cut = rag("chunks", "docs/guide.md", "--json").object
    found = rag("query", "warranty delivery", "-k", "1", "--json").object["passages"][0]
    assert found["chunk_id"] in [c["chunk_id"] for c in cut["chunks"]]
    assert all(c["embedded"] for c in cut["chunks"])
    lines = rag("chunks", "docs/guide.md").out.splitlines()
    assert len(lines) == len(cut["chunks"]) and "Warranty" in "".join(lines)


# ------------------------------------------------------------------ rm


def test_rm_takes_out_and_keeps_the_file(project, rag):
    run = rag("rm", "docs/notes.txt", "docs/zh")
    assert run.out == "docs/notes.txt\ndocs/zh/保修.md\n"
    assert run.err == "Removed 2 files, 2 chunks\n"
    assert Path("docs/notes.txt").exists()
    rag("ingest")
    assert rag("ls").out == "docs/guide.md\n"
    assert rag("ingest", "docs/notes.txt").code == 0
    assert rag("ls").out == "docs/guide.md\ndocs/notes.txt\n"


def test_rm_purge_says_what_went_and_what_is_out_of_reach(project, rag):
    (project / ".rag/history.jsonl").write_text("picnic\n")
    run = rag("rm", "--purge", "docs/notes.txt")
    assert (run.code, run.out) == (0, "docs/notes.txt\n")
    assert "no word of what was taken out" in run.err and "deleted: history.jsonl" in run.err
    assert "backups and snapshots" in run.err
    again = rag("rm", "--purge", "--json").object
    assert (again["files"], again["purged"]["deleted"], again["purged"]["complete"]) == (
        [],
        [],
        True,
    )
    assert rag("rm").code == 2


def test_rm_of_the_ingested_folder_forgets_it(project, rag):
    run = rag("rm", "docs", "--json")
    assert run.object["roots"] == ["docs"] and len(run.object["files"]) == 3
    assert rag("ingest").code == 2


# ------------------------------------------------------------------ reembed


def test_reembed_switches_and_says_from_what_to_what(project, rag):
    run = rag("reembed", "--model", "fake:32")
    assert run.code == 0
    assert "with fake:32, 32 dimensions, fp32 (before: fake:64)" in run.err
    assert rag("query", "warranty", "--json").object["model"] == "fake:32"
    again = rag("reembed", "--model", "fake:32")
    assert (again.code, again.err) == (
        0,
        "nothing to change: the project is embedded with fake:32 as asked\n",
    )
    found = rag("reembed", "--dimensions", "8", "--chunk-tokens", "16", "--json").object
    assert (found["dimension"], found["chunk_tokens"], found["recut"]) == (8, 16, True)


def test_reembed_with_a_model_that_is_not_there_changes_nothing(project, rag):
    run = rag("reembed", "--model", "nosuch:model")
    assert run.code == 20
    assert rag("status", "--json").object["model"]["name"] == "fake:64"
    assert rag("doctor").code == 0


# ------------------------------------------------------------------ doctor


def test_doctor_of_a_sound_project(project, rag):
    run = rag("doctor", "--deep")
    assert run.code == 0
    assert "✗" not in run.out
    assert rag("doctor", "--quiet").out == ""


def test_doctor_repairs_and_says_what(project, rag):
    Path(".rag/vectors-1.faiss").write_bytes(b"x")
    run = rag("doctor")
    assert run.code == 6
    assert "✗ vector index" in run.out and "rag doctor --repair" in run.out
    assert not rag("doctor", "--json").object["healthy"]
    mended = rag("doctor", "--repair")
    assert mended.code == 0 and "repaired: wrote the vector index anew" in mended.err


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 999])
def test_doctor_of_a_project_that_cannot_be_opened(project, rag, content):
    Path(".rag/store.sqlite").unlink()
    if content is not None:
        Path(".rag/store.sqlite").write_bytes(content)
    run = rag("doctor", "--repair", "--json")
    assert run.code == 6
    failed = {c["name"]: c["cure"] for c in run.object["checks"] if c["state"] == "fail"}
    assert list(failed) == ["format" if content is None else "leftovers"]
    assert all("rag ingest FOLDER" in cure for cure in failed.values())
    assert rag("ingest", "docs").code == 0 and rag("doctor").code == 0


def test_schemas_name_their_command():
    import ragcli

    for path in (Path(ragcli.__file__).parent / "schemas").glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["$schema"].endswith("2020-12/schema")


def test_status_names_no_language_of_no_share(surroundings, rag, monkeypatch):
    monkeypatch.setattr("ragcli.providers.taught", lambda name, settings: frozenset({"en"}))
    Path("docs").mkdir()
    chinese = "保修期为自交货之日起二十四个月，电池的保修期为十二个月。"
    Path("docs/zh.txt").write_text(chinese * 3, "utf-8")
    assert rag("ingest", "docs", "--model", "fake:64").code == 0
    assert re.search(r"^by words +Chinese \d+ % of the text", rag("status").out, re.MULTILINE)
    prose = "The warranty of the pump runs for two years from the day of the delivery. "
    Path("docs/long.txt").write_text(prose * 400, "utf-8")
    rag("ingest")
    assert "by words" not in rag("status").out
    assert rag("status", "--json").object["by_words"].keys() == {"zh"}
