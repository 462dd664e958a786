"""``rag ingest https://…``: a page in the project, from a TLS server on this machine."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from fakes.reading import InProcessReader
from fakes.tls_server import LOOPBACK, Reply, Server

from ragcli.fetching import fetch

ENGLISH = (
    b"<html><head><title>Returns</title></head><body><h1>Returns</h1><h2>Deadline</h2>"
    b"<p>A zebra may be returned within fourteen days of its delivery.</p></body></html>"
)
CHINESE = (
    "<html><head><meta charset='iso-8859-1'><title>斑马</title></head><body><h1>斑马</h1>"
    "<p>斑马的保修期为二十四个月，自交付之日起计算。</p></body></html>"
).encode("gbk")
DATE = "Mon, 02 Jan 2023 03:04:05 GMT"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("tls"))
    yield made
    made.close()


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    """Reached through the resolver and the certificates that `Fetcher` takes, and no other way."""
    running.routes.clear()
    running.asked.clear()
    options = {"resolve": running.resolve, "permitted": frozenset({LOOPBACK})}
    made = partial(fetch.Fetcher, trusted=running.trusted(), **options)
    monkeypatch.setattr(fetch, "Fetcher", made)
    monkeypatch.setattr("ragcli.reading.worker.ReaderPool", InProcessReader)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return running


def row(file: dict[str, object]) -> tuple[object, ...]:
    return tuple(file[k] for k in ("format", "title", "state", "stale", "date", "date_origin"))


def test_pages_and_paths_together(documents, rag, server, tmp_path):
    server.routes["/returns"] = Reply(ENGLISH, headers={"Last-Modified": DATE})
    url = server.url("/returns")
    run = rag("ingest", url + "#deadline", "docs", "--model", "fake:64", "--json")
    assert run.code == 0
    assert (run.object["added"], run.object["files"], run.object["read_files"]) == (4, 4, 4)
    assert f"Fetching {url}\n" in run.err
    assert list((tmp_path / "temporary").iterdir()) == []

    passage = rag("query", "zebra returned within fourteen days", "--json").object["passages"][0]
    assert (passage["source"], passage["stale"]) == (url, False)
    assert passage["headings"] == ["Returns"]
    assert rag("query", "zebra returned", "-k", "1").out.startswith(f"{url}: ")
    assert "fourteen days" in rag("show", url).out
    assert "fourteen days" in rag("show", url.replace("https", "HTTPS") + "#deadline").out
    (listed,) = rag("ls", url, "--json").object["files"]
    assert row(listed) == ("html", "Returns", "stored", False, "2023-01-02T03:04:05+00:00", "file")
    assert rag("why-not", "zebra returned", url, "--json").object["source"] == url
    status = rag("status", "--json").object
    assert (status["files"]["stored"], status["stale"], status["problem_count"]) == (4, 0, 0)
    checks = {c["name"]: c["state"] for c in rag("doctor", "--json").object["checks"]}
    assert checks["files"] == checks["folders"] == checks["documents"] == "ok"


def test_a_charset_in_the_header_counts_more_than_the_page(documents, rag, server):
    server.routes["/zh"] = Reply(CHINESE, "text/html; charset=GBK")
    url = server.url("/zh")
    assert rag("ingest", url, "--model", "fake:64").code == 0
    shown = rag("show", url, "--json").object
    assert (shown["title"], shown["language"]) == ("斑马", "zh")
    assert "保修期为二十四个月" in shown["text"]


def test_the_same_bytes_in_another_charset_are_another_text(documents, rag, server):
    """A server that is mended sends what it sent, under another name."""
    url = server.url("/fr")
    body = "<h1>Zèbre</h1><p>Le zèbre a été créé à côté de la forêt.</p>".encode("latin-1")
    server.routes["/fr"] = Reply(body, "text/html; charset=iso-8859-7")
    assert rag("ingest", url, "--model", "fake:64").code == 0
    assert "zθbre" in rag("show", url).out
    server.routes["/fr"] = Reply(body, "text/html; charset=iso-8859-1")
    assert rag("ingest", url, "--json").object["updated"] == 1
    assert "zèbre" in rag("show", url).out


def test_it_is_brought_up_to_date_when_it_is_named_again(project, rag, server):
    versions = {"now": 1}

    def route(handler: BaseHTTPRequestHandler) -> None:
        tag = f'"v{versions["now"]}"'
        same = handler.headers["If-None-Match"] == tag
        handler.send_response(304 if same else 200)
        handler.send_header("ETag", tag)
        handler.send_header("Content-Type", "text/plain")
        handler.end_headers()
        if not same:
            handler.wfile.write(b"Zebra number %d is striped.\n" % versions["now"])

    server.routes["/z.txt"] = route
    url = server.url("/z.txt")
    assert rag("ingest", url, "--json").object["added"] == 1
    again = rag("ingest", url, "--json").object
    assert (again["unchanged"], again["updated"], again["read_files"]) == (1, 0, 0)
    assert server.asked[-1][1]["if-none-match"] == '"v1"'
    # All known folders: what was fetched is neither asked for nor gone.
    versions["now"] = 2
    asked = len(server.asked)
    alone = rag("ingest", "--json").object
    assert (alone["removed"], alone["files"], alone["held_back"]) == (0, 4, [])
    assert rag("ingest", ".", "--json").object["removed"] == 0
    assert len(server.asked) == asked
    assert rag("show", url).out == "Zebra number 1 is striped.\n"
    assert rag("ingest", url, "--json").object["updated"] == 1
    assert rag("show", url).out == "Zebra number 2 is striped.\n"
    for place in (":1", "#page=1"):
        assert rag("show", url + place).out == "Zebra number 2 is striped.\n"


def test_what_cannot_be_fetched_any_more_stays(project, rag, server):
    server.routes["/z"] = Reply(ENGLISH, headers={"ETag": '"v1"'})
    url = server.url("/z")
    assert rag("ingest", url).code == 0
    server.routes["/z"] = Reply(status=404)
    run = rag("ingest", url, "--json")
    assert run.code == 3
    (problem,) = run.object["new_problems"]
    assert (problem["source"], problem["code"]) == (url, "http_status")
    assert f"! {url}: there is no such page (404): check the address\n" in run.err
    (listed,) = rag("ls", url, "--json").object["files"]
    assert (listed["state"], listed["stale"], listed["title"]) == ("failed", True, "Returns")
    assert url in rag("status", "--problems").out
    assert f"rag ingest '{url}'" in rag("doctor").out
    # Known and unchanged: a nightly job is not told again.
    assert rag("ingest", url, "--quiet").code == 0
    assert rag("ingest", url, "--fail-on", "any").code == 3
    # The old version is not offered: the page is read anew, and the problem is over.
    server.routes["/z"] = Reply(ENGLISH, headers={"ETag": '"v1"'})
    assert rag("ingest", url).code == 0
    assert "if-none-match" not in server.asked[-1][1]
    assert rag("status", "--json").object["problem_count"] == 0


def test_what_was_never_stored_leaves_no_trace(project, rag, server):
    before = rag("status", "--json").object["files"]
    run = rag("ingest", server.url("/none"), "https://localhost/", "https://10.0.0.1/x", "--json")
    assert run.code == 3
    codes = [p["code"] for p in run.object["new_problems"]]
    assert codes == ["http_status", "unreachable", "refused_address"]
    assert len([line for line in run.err.splitlines() if line.startswith("! https://")]) == 3
    assert rag("status", "--json").object["files"] == before


def test_what_no_reader_reads_is_told(project, rag, server):
    server.routes["/picture"] = Reply(b"\x89PNG\r\n\x1a\n" + bytes(100), "image/png")
    server.routes["/book"] = Reply(b"%PDF-1.4\nnothing", "application/octet-stream")
    run = rag("ingest", server.url("/picture"), server.url("/book"), "--json")
    assert run.code == 3
    assert [p["source"] for p in run.object["new_problems"]] == [
        server.url("/picture"),
        server.url("/book"),
    ]
    assert rag("status", "--json").object["files"]["failed"] == 2
    # They lie in the ledger as files do: unchanged, they are told once.
    run = rag("ingest", server.url("/picture"), server.url("/book"), "--json")
    assert (run.code, run.object["new_problems"], run.object["known_problems"]) == (0, [], 2)


def test_redirects_and_the_final_address(project, rag, server):
    server.routes["/short"] = Reply(status=301, headers={"Location": "/a/long.md"})
    server.routes["/a/long.md"] = Reply("# 斑马\n\n条纹。\n".encode(), "text/plain")
    url = server.url("/short")
    assert rag("ingest", url).code == 0
    (listed,) = rag("ls", url, "--json").object["files"]
    assert (listed["source"], listed["format"]) == (url, "markdown")
    found = rag("query", "斑马", "--json", "--where", f"url={server.url('/a/long.md')}").object
    assert [p["source"] for p in found["passages"]] == [url]
    assert rag("ls", server.url("/a/long.md"), "--json").object["files"] == []


def test_rm_takes_it_out_and_forgets_its_version(project, rag, server):
    server.routes["/z"] = Reply(ENGLISH, headers={"ETag": '"v1"'})
    url = server.url("/z")
    assert rag("ingest", url).code == 0
    assert rag("rm", "docs/zh").code == 0
    assert rag("rm", "https:").code == 4  # a page lies in no folder
    assert len(rag("ls", "--json").object["files"]) == 3
    run = rag("rm", url, "--json")
    assert (run.code, run.object["files"]) == (0, [url])
    assert rag("rm", url).code == 4
    assert rag("ingest", url, "--json").object["added"] == 1
    assert "if-none-match" not in server.asked[-1][1]


def test_equal_pages_and_files_share_a_document(project, rag, server):
    text = (project / "docs" / "notes.txt").read_bytes()
    server.routes["/n.txt"] = Reply(text, "text/plain")
    url = server.url("/n.txt")
    assert rag("ingest", url, "--json").object["added"] == 1
    assert rag("status", "--json").object["documents"] == 3
    (project / "docs" / "notes.txt").unlink()
    assert rag("ingest", "--json").object["removed"] == 1
    assert rag("show", url).out.encode() == text


def test_a_dry_run_fetches_nothing(project, rag, server):
    url = server.url("/z")
    run = rag("ingest", "--dry-run", url, "docs")
    assert run.code == 0
    assert run.out == f"fetched  {url}\n"
    assert "would do: 1 page fetched, 0 new" in run.err
    assert rag("ingest", "--dry-run", url + "#x", "--json").object["fetched"] == [url]
    assert server.asked == []


def test_a_dry_run_without_a_project(documents, rag, server):
    run = rag("ingest", "--dry-run", server.url("/z"), "--json")
    assert (run.object["fetched"], run.object["created"]) == ([server.url("/z")], True)
    assert not Path(".rag").exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("http://example.com/a", "only https"),
        ("ftp://example.com/a", "only https"),
        ("https://user:secret@example.com/", "password"),
        ("https://", "cannot be read as an address"),
    ],
)
def test_what_is_never_fetched_is_wrong_usage(documents, rag, typed, words):
    run = rag("ingest", typed, "docs", "--model", "fake:64")
    assert run.code == 2
    assert words in run.err
    assert "hint: " in run.err
    assert "secret" not in run.err
    assert not Path(".rag").exists()


def test_a_folder_with_the_name_of_a_scheme_is_a_path(documents, rag):
    folder = Path("http:/x")
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("A zebra.\n", encoding="utf-8")
    assert rag("ingest", "http://x", "--model", "fake:64", "--json").object["added"] == 1


def test_addresses_on_stdin_are_not_fetched(project, rag, server):
    url = server.url("/z")
    (project / "docs" / "new.md").write_text("# New\n\nA zebra.\n", encoding="utf-8")
    run = rag("ingest", "-", "--json", stdin=f"{url}\ndocs/new.md\n".encode())
    assert run.code == 3
    assert run.object["added"] == 1
    assert [p["source"] for p in run.object["new_problems"]] == [url]
    assert f"! {url}: an address on stdin is not fetched: rag ingest '{url}'\n" in run.err
    assert server.asked == []


def test_a_link_in_a_document_is_not_followed(project, rag, server):
    body = f"<p>See <a href='{server.url('/other')}'>this</a>.</p>".encode()
    server.routes["/page"] = Reply(
        b"<head><meta http-equiv='refresh' content='0; url=/other'></head>" + body
    )
    assert rag("ingest", server.url("/page")).code == 0
    assert [path for path, _ in server.asked] == ["/page"]


def test_quiet_and_a_time_limit(project, rag, server):
    server.routes["/z"] = Reply(ENGLISH)
    run = rag("ingest", server.url("/z"), "--quiet")
    assert (run.code, run.out, run.err) == (0, "", "")
    run = rag("ingest", server.url("/y"), "--time-limit", "0s", "--quiet")
    assert run.code == 3
    assert (
        run.err
        == f"! {server.url('/y')}: the time limit came before it was fetched: fetch it again\n"
    )
    assert [path for path, _ in server.asked] == ["/z"]


def test_the_library_fetches_too(project, server):
    from ragcli import Rag

    server.routes["/z"] = Reply(ENGLISH)
    with Rag.open(project) as rag:
        report = rag.ingest(urls=[server.url("/z"), server.url("/z") + "#again"])
        assert (report.added, report.unchanged) == (1, 0)
        assert json.loads(rag.store.fact(f"fetched:{server.url('/z')}") or "")["url"] == server.url(
            "/z"
        )
    assert list(Path(tempfile.gettempdir()).iterdir()) == []
