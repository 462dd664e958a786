"""``rag ingest`` and ``rag init``: projects made and found, paths, problems, removals."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ragcli.store import lock


def test_makes_a_project_and_says_so(surroundings, documents, rag):
    run = rag("ingest", "docs", "--model", "fake:64", "--json")
    assert run.code == 0
    report = run.object
    assert report["created"]
    assert (report["files"], report["added"]) == (3, 3)
    assert report["model"] == "fake:64"
    assert run.err == f"made a project in {surroundings}\n"
    again = rag("ingest")
    assert again.code == 0
    assert again.err.startswith("Up to date: 3 files, ")


def test_summary_of_a_first_ingest(documents, rag):
    Path("docs/.hidden").write_text("x", encoding="utf-8")
    run = rag("ingest", "docs", "--model", "fake:64")
    assert run.out == ""
    assert "Stored 3 files, " in run.err
    assert "1 skipped (1 hidden)" in run.err
    assert "(fake:64, 64 dimensions)" in run.err


def test_project_above_is_named(project, rag, monkeypatch):
    monkeypatch.chdir(project / "docs")
    run = rag("ingest", "notes.txt")
    assert run.code == 0
    assert f"into the project {project}\n" in run.err


def test_quiet_is_silent_when_all_is_well(project, rag):
    assert rag("ingest", "--quiet") == rag("ingest", "-q")
    run = rag("ingest", "--quiet")
    assert (run.code, run.out, run.err) == (0, "", "")


def test_new_problem_is_told_once(project, rag):
    Path("docs/broken.pdf").write_bytes(b"%PDF-1.4\nnothing")
    run = rag("ingest", "--quiet")
    assert run.code == 3
    assert run.err.startswith("! docs/broken.pdf: ")
    assert len(run.err.splitlines()) == 1
    assert rag("ingest", "--quiet").code == 0
    run = rag("ingest")
    assert "1 still unread: rag status --problems" in run.err
    assert rag("ingest", "--fail-on", "any").code == 3
    run = rag("ingest", "--retry", "--json")
    assert run.object["known_problems"] == 1


def test_fail_on_none(project, rag):
    Path("docs/broken.pdf").write_bytes(b"%PDF-1.4\nnothing")
    assert rag("ingest", "--fail-on", "none").code == 0


def test_paths_on_stdin(project, rag):
    Path("docs/new.md").write_text("# New\n\nA zebra.\n", encoding="utf-8")
    Path("docs/notes.txt").unlink()
    run = rag("ingest", "-", "--json", stdin=b"docs/new.md\ndocs/notes.txt\nnever/seen.md\n")
    report = run.object
    assert (report["added"], report["removed"], report["files"]) == (1, 1, 3)
    Path("docs/new.md").write_text("# New\n\nTwo zebras.\n", encoding="utf-8")
    report = rag("ingest", "-0", "-", "--json", stdin=b"docs/new.md\0").object
    assert report["updated"] == 1
    assert rag("ingest", "-", stdin=b"").code == 0


def test_a_project_that_was_killed_while_it_was_made_is_made(documents, rag):
    Path(".rag").mkdir()
    run = rag("ingest", "docs", "--model", "fake:64", "--json")
    assert (run.code, run.object["created"], run.object["files"]) == (0, True, 3)


def test_dry_run_without_a_project(documents, rag):
    Path("docs/.hidden").write_text("x", encoding="utf-8")
    run = rag("ingest", "docs", "--dry-run", "--json", "-v")
    assert run.code == 0
    plan = run.object
    assert (plan["created"], len(plan["new"]), plan["estimate"]["chunks"]) == (True, 3, None)
    assert plan["skipped_files"] == [{"source": "docs/.hidden", "reason": "hidden"}]
    run = rag("ingest", "docs", "--dry-run")
    assert sorted(run.out.splitlines()) == [
        "new      docs/guide.md",
        "new      docs/notes.txt",
        "new      docs/zh/保修.md",
    ]
    assert "would do: 3 new, 0 changed, 0 removed, 0 unchanged; 1 skipped (1 hidden)" in run.err
    assert "chunks and time unknown" in run.err
    assert rag("ingest", "nowhere", "--dry-run").code == 2
    assert rag("ingest", "--dry-run").code == 10
    assert not Path(".rag").exists()


def test_dry_run_writes_nothing_and_loads_nothing(project, rag, monkeypatch):
    monkeypatch.setattr("ragcli.providers.embedder", None)
    Path("docs/guide.md").write_text("# Guide\n\nAll is new.\n", encoding="utf-8")
    Path("docs/more").mkdir()
    Path("docs/more/boats.txt").write_text("A sextant.\n", encoding="utf-8")
    Path("docs/notes.txt").unlink()
    before = Path(".rag/store.sqlite").read_bytes()
    with lock.writing(Path(".rag/lock"), 0):
        plan = rag("ingest", "--dry-run", "--json").object
        above = rag("ingest", ".", "--dry-run", "--json").object
    assert plan["new"] == ["docs/more/boats.txt"]
    assert (plan["changed"], plan["removed"]) == (["docs/guide.md"], ["docs/notes.txt"])
    assert (plan["unchanged"], plan["created"], plan["skipped_files"]) == (1, False, None)
    assert plan["estimate"] == {"chunks": 2, "seconds": None}
    assert above == plan
    assert Path(".rag/store.sqlite").read_bytes() == before


def test_dry_run_estimates_the_time_of_what_it_has_seen(documents, rag):
    text = "\n\n".join(" ".join(f"word{n}x{k}" for k in range(200)) for n in range(120))
    Path("docs/long.txt").write_text(text, encoding="utf-8")
    chunks = rag("ingest", "docs", "--model", "fake:64", "--json").object["chunks"]
    shutil.copy("docs/long.txt", "docs/again.txt")
    run = rag("ingest", "--dry-run", "--json")
    estimate = run.object["estimate"]
    assert abs(estimate["chunks"] - chunks) < 10
    assert estimate["seconds"] > 0
    assert "at the pace of the last large ingest" in rag("ingest", "--dry-run").err


def test_time_limit_says_what_remains(project, rag):
    Path("docs/new.md").write_text("# New\n\nA zebra.\n", encoding="utf-8")
    run = rag("ingest", "--time-limit", "0s")
    assert run.code == 0
    assert run.err.splitlines()[-1] == (
        "stopped at the time limit: 1 of 1 file not read yet: rag ingest goes on"
    )
    report = rag("ingest", "--time-limit", "0s", "--json").object
    assert (report["read_files"], report["remaining_files"], report["remaining_chunks"]) == (
        0,
        1,
        0,
    )
    assert rag("ingest", "--time-limit", "10m", "--json").object["added"] == 1


def test_threads_reach_the_settings(project, rag):
    run = rag("ingest", "--threads", "-1")
    assert run.code == 2
    assert "`threads` must be at least 0" in run.err
    assert rag("ingest", "--threads", "1").code == 0


def test_another_model_is_refused_also_where_nothing_changed(project, rag):
    run = rag("ingest", "--model", "fake:32")
    assert run.code == 12
    assert "embedded with `fake:64`, not with `fake:32`" in run.err
    assert rag("ingest", "--dimensions", "32").code == 12
    assert rag("ingest", "--model", "fake:64").code == 0


@pytest.mark.parametrize("how", ["gone", "empty"])
def test_remembered_folder_gone_or_empty_removes_nothing(project, rag, how):
    shutil.rmtree("docs")
    if how == "empty":
        Path("docs").mkdir()
    run = rag("ingest", "--json")
    assert run.code == 3
    assert run.object["files"] == 3
    reason = "is missing" if how == "gone" else "is empty"
    assert run.err.splitlines() == [
        f"! docs {reason}; its 3 files are kept",
        "  if they are gone for good: rag ingest --allow-removals",
    ]
    assert rag("query", "warranty").code == 0
    run = rag("ingest", "--allow-removals", "--json")
    assert (run.code, run.object["files"]) == (0, 0)


def test_folder_of_nothing_readable(surroundings, rag):
    Path("docs").mkdir()
    Path("docs/data.bin").write_bytes(bytes(range(256)) * 8)
    run = rag("ingest", "docs", "--model", "fake:64")
    assert run.code == 4
    assert "nothing to search yet: no text was found" in run.err


def test_path_that_is_not_there_makes_no_project(surroundings, rag):
    run = rag("ingest", "nowhere")
    assert run.code == 2
    assert run.err == (
        "rag: error: nowhere does not exist\nhint: check the path; nothing was changed\n"
    )
    assert not Path(".rag").exists()


def test_no_project_in_the_home_folder_unless_named(documents, rag, monkeypatch):
    home = documents.parents[1] / "home"
    shutil.move(documents, home / "docs")
    monkeypatch.chdir(home)
    run = rag("ingest", "docs", "--model", "fake:64")
    assert run.code == 2
    assert "no project is made in" in run.err
    assert not (home / ".rag").exists()
    assert rag("ingest", "docs", "--model", "fake:64", "--project", ".").code == 0


def test_init(surroundings, rag):
    assert rag("init", "--json").object == {
        "schema": "ragcli.init/1",
        "project": str(surroundings),
        "created": True,
    }
    assert not rag("init", "--json").object["created"]
    run = rag("init", "sub")
    assert run.err == f"made a project in {surroundings}/sub; next: rag ingest FOLDER\n"


def test_a_log_that_is_too_large_is_stored_in_part_until_the_limit_is_raised(surroundings, rag):
    lines = "".join(f"{n:06} {'lamp' * 2000}\n" for n in range(200))  # 1.6 MB in few tokens
    Path("docs").mkdir()
    Path("docs/large.log").write_text(lines, encoding="utf-8")
    rag("init")
    rag("config", "set", "read_output_mb", "1")
    assert rag("ingest", "docs", "--model", "fake:64", "-q").code == 3
    (file,) = rag("ls", "--json").object["files"]
    assert (file["state"], file["size_bytes"]) == ("partly", len(lines))
    told = rag("status", "--problems").out
    assert "docs/large.log: too large: read up to line 130 only" in told
    assert "rag config set read_output_mb 2" in told
    assert lines.startswith(rag("show", "docs/large.log").out)
    assert rag("ingest").code == 0, "a known problem, unchanged"
    rag("config", "set", "read_output_mb", "2")
    assert rag("ingest", "--retry").code == 0
    (file,) = rag("ls", "--json").object["files"]
    assert file["state"] == "stored" and rag("show", "docs/large.log").out == lines
