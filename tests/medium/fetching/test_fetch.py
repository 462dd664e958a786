"""Fetching from a real TLS server: limits, redirects, versions, certificates."""

from __future__ import annotations

import gzip
import io
import time
import zlib
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from fakes.tls_server import HOST, LOOPBACK, OTHER_HOST, Reply, Server

from ragcli.errors import Unreadable
from ragcli.fetching.fetch import MAX_REDIRECTS, Answer, Fetcher, Version

PAGE = "<h1>保修</h1><p>保修期为二十四个月。</p>".encode()


def fetcher(server: Server, **options: Any) -> Fetcher:
    told = {"resolve": server.resolve, "permitted": frozenset({LOOPBACK})}
    return Fetcher(**{"timeout_s": 30.0, "trusted": server.trusted(), **told, **options})


def fetch(server: Server, path: str, host: str = HOST, **options: Any) -> tuple[Answer, bytes]:
    file = io.BytesIO()
    known = options.pop("known", None)
    answer = fetcher(server, **options).fetch(server.url(path, host), file, known)
    return answer, file.getvalue()


def refused(server: Server, path: str, **options: Any) -> Unreadable:
    with pytest.raises(Unreadable) as error:
        fetch(server, path, **options)
    assert error.value.hint or "redirects to" in error.value.message
    return error.value


def test_a_page(server: Server) -> None:
    server.routes["/a?b=1"] = Reply(
        PAGE,
        "text/html; charset=utf-8",
        headers={"ETag": '"v1"', "Last-Modified": "Mon, 02 Jan 2023 03:04:05 GMT"},
    )
    answer, body = fetch(server, "/a?b=1")
    assert body == PAGE
    assert answer.version == Version(server.url("/a?b=1"), '"v1"', "Mon, 02 Jan 2023 03:04:05 GMT")
    assert answer.content_type == "text/html; charset=utf-8"
    ((_, headers),) = server.asked
    assert headers["host"] == f"{HOST}:{server.port}"
    assert headers["user-agent"].startswith("ragcli/")
    assert set(headers) == {"host", "user-agent", "accept", "accept-encoding"}


# ------------------------------------------------------------------ versions


def test_a_version_that_is_known_is_not_sent_again(server: Server) -> None:
    def route(handler: BaseHTTPRequestHandler) -> None:
        same = handler.headers["If-None-Match"] == 'W/"é1"'.encode().decode("latin-1")
        handler.send_response(304 if same else 200)
        handler.send_header("ETag", 'W/"é1"'.encode().decode("latin-1"))
        handler.end_headers()
        handler.wfile.write(b"" if same else PAGE)

    server.routes["/"] = route
    answer, body = fetch(server, "/")
    assert (body, answer.version.etag) == (PAGE, 'W/"é1"')
    again, body = fetch(server, "/", known=answer.version)
    assert (again.unchanged, body) == (True, b"")
    assert again.version == answer.version


def test_a_date_serves_where_there_is_no_etag(server: Server) -> None:
    server.routes["/"] = Reply(status=304)
    known = Version(server.url("/"), last_modified="Mon, 02 Jan 2023 03:04:05 GMT")
    assert fetch(server, "/", known=known)[0].unchanged
    assert server.asked[0][1]["if-modified-since"] == known.last_modified
    assert "if-none-match" not in server.asked[0][1]


def test_a_version_is_told_to_the_server_it_came_from_alone(server: Server) -> None:
    server.routes["/old"] = Reply(status=302, headers={"Location": "/new"})
    server.routes["/new"] = Reply(status=304)
    known = Version(server.url("/new"), '"secret"')
    assert fetch(server, "/old", known=known)[0].unchanged
    assert ["if-none-match" in headers for _, headers in server.asked] == [False, True]
    # A server that says "not modified" to a question that was not asked has given nothing.
    assert refused(server, "/new").code == "http_status"


# ------------------------------------------------------------------ redirects


def test_redirects_are_followed_to_the_end(server: Server) -> None:
    for number, status in enumerate((301, 302, 303, 307, 308)):
        headers = {"Location": f"{number + 1}#part"}
        server.routes[f"/r/{number}"] = Reply(b"moved", status=status, headers=headers)
    server.routes["/r/5"] = Reply(PAGE)
    answer, body = fetch(server, "/r/0")
    assert (answer.version.url, body) == (server.url("/r/5"), PAGE)
    assert len(server.asked) == MAX_REDIRECTS + 1


def test_a_redirect_to_another_host_is_a_connection_of_its_own(server: Server) -> None:
    server.routes["/"] = Reply(status=301, headers={"Location": server.url("/x", OTHER_HOST)})
    server.routes["/x"] = Reply(PAGE)
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return server.resolve(host, port)

    answer, body = fetch(server, "/", resolve=resolve)
    assert (asked, body) == ([HOST, OTHER_HOST], PAGE)
    assert answer.version.url == server.url("/x", OTHER_HOST)


def test_too_many_redirects_and_circles(server: Server) -> None:
    server.routes["/a"] = Reply(status=302, headers={"Location": "/b"})
    server.routes["/b"] = Reply(status=302, headers={"Location": "/a"})
    assert refused(server, "/a").code == "redirect"
    assert len(server.asked) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("location", "code", "words"),
    [
        ("http://pages.example/", "redirect", "only https"),
        ("//user:pw@pages.example/", "redirect", "password"),
        ("file:///etc/passwd", "redirect", "only https"),
        ("ftp://pages.example/", "redirect", "only https"),
        ("javascript:alert(1)", "redirect", "only https"),
        ("https://[::1", "redirect", ""),
        ("https://a b/", "redirect", "no name of a host"),
        ("https://localhost/", "unreachable", "no address"),
        ("https://10.0.0.1/", "refused_address", "a private network"),
        ("https://169.254.169.254/latest/meta-data/", "refused_address", "link-local"),
        ("https://[::ffff:7f00:1]/", "refused_address", "this machine"),
        ("https://127.0.0.2/", "refused_address", "this machine"),
        ("https://[fe80::1]/", "refused_address", "link-local"),
    ],
)
def test_redirects_that_lead_astray(server: Server, location: str, code: str, words: str) -> None:
    server.routes["/"] = Reply(status=302, headers={"Location": location})
    error = refused(server, "/")
    assert error.code == code
    assert words in error.message
    assert "pw" not in error.message


# ------------------------------------------------------------------ size and time


def test_a_size_that_is_stated_is_refused_unread(server: Server) -> None:
    server.routes["/"] = Reply(bytes(3000))
    error = refused(server, "/", max_bytes=2999)
    assert (error.code, "MiB" in error.message) == ("too_large", True)
    assert fetch(server, "/", max_bytes=3000)[1] == bytes(3000)


def test_a_size_that_is_not_stated_is_counted(server: Server) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while True:
            handler.wfile.write(b"2000\r\n" + bytes(0x2000) + b"\r\n")

    server.routes["/"] = endless
    assert refused(server, "/", max_bytes=1_000_000).code == "too_large"


def test_a_length_that_lies(server: Server) -> None:
    def short(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x" * 500)

    server.routes["/short"] = short
    assert refused(server, "/short").code == "unreachable"

    def long(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        handler.wfile.write(b"x" * 500)

    server.routes["/long"] = long
    assert fetch(server, "/long")[1] == b"x" * 10


def test_gzip_is_unpacked_and_a_bomb_is_not(server: Server) -> None:
    packed = {"Content-Encoding": "gzip"}
    text = PAGE * 5000
    server.routes["/page"] = Reply(gzip.compress(text) + b"trailing", headers=packed)
    assert fetch(server, "/page")[1] == text
    bomb = zlib.compressobj(wbits=31)
    body = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(64)) + bomb.flush()
    assert len(body) < 100_000
    server.routes["/bomb"] = Reply(body, headers=packed)
    file = io.BytesIO()
    with pytest.raises(Unreadable, match="larger than 1 MiB"):
        fetcher(server, max_bytes=1 << 20).fetch(server.url("/bomb"), file)
    assert len(file.getvalue()) <= 1 << 20
    server.routes["/cut"] = Reply(gzip.compress(text)[:-20], headers=packed)
    assert "cut off" in refused(server, "/cut").message
    server.routes["/noise"] = Reply(b"not packed at all", headers=packed)
    assert "packed wrongly" in refused(server, "/noise").message
    server.routes["/br"] = Reply(b"?", headers={"Content-Encoding": "br"})
    assert "`br`" in refused(server, "/br").message


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_server_that_drips_is_left_at_the_deadline(server: Server, where: str) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        if where == "body":
            handler.send_response(200)
            handler.end_headers()
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.02)

    server.routes["/"] = drip
    started = time.monotonic()
    error = refused(server, "/", total_s=0.3)
    assert (error.code, error.message) == ("timeout", "it took too long")
    assert time.monotonic() - started > 0.25


def test_a_server_that_is_silent(server: Server) -> None:
    server.routes["/"] = lambda handler: time.sleep(0.5)
    error = refused(server, "/", timeout_s=0.1)
    assert (error.code, error.message) == ("timeout", "silent for 0.1 s")


def test_headers_without_end(server: Server) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            handler.wfile.write(b"X: " + b"x" * 1000 + b"\r\n")

    server.routes["/"] = endless
    assert refused(server, "/").code == "unreachable"


# ------------------------------------------------------------------ trust


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "login"), (403, "refuses"), (404, "no such page"), (410, "gone"), (429, "too many"),
     (500, "status 500"), (204, "status 204"), (206, "status 206"), (302, "status 302")],
)  # fmt: skip
def test_other_answers(server: Server, status: int, words: str) -> None:
    server.routes["/"] = Reply(status=status)
    error = refused(server, "/")
    assert (error.code, words in error.message) == ("http_status", True)


def test_a_certificate_for_another_name_is_refused(server: Server) -> None:
    server.routes["/"] = Reply(PAGE)
    with pytest.raises(Unreadable, match="certificate") as error:
        fetch(server, "/", host="wrong.example")
    assert error.value.code == "certificate"
    assert server.asked == []


def test_an_unknown_authority_is_refused(server: Server) -> None:
    server.routes["/"] = Reply(PAGE)
    assert refused(server, "/", trusted=None).code == "certificate"
    assert server.asked == []


def test_an_authority_of_ones_own(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.pem").write_text(server.authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    server.routes["/"] = Reply(PAGE)
    assert fetch(server, "/", trusted=None)[1] == PAGE


def test_a_name_that_changes_its_address_gains_nothing(server: Server) -> None:
    """DNS rebinding: the address that was checked is the one connected to, and the next
    connection is checked anew."""
    server.routes["/"] = Reply(status=302, headers={"Location": server.url("/x", OTHER_HOST)})
    answers = iter([[LOOPBACK], ["192.168.0.1"], [LOOPBACK]])
    error = refused(server, "/", resolve=lambda *_: next(answers))
    assert "192.168.0.1" in error.message
    assert [path for path, _ in server.asked] == ["/"]
    assert next(answers) == [LOOPBACK]  # one question a connection, no more


def test_without_permission_this_machine_is_refused(server: Server) -> None:
    server.routes["/"] = Reply(PAGE)
    assert refused(server, "/", permitted=frozenset()).code == "refused_address"
    assert server.asked == []


def test_a_public_address_of_this_machine_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragcli.fetching.network.why_refused", lambda address: "")
    server.routes["/"] = Reply(PAGE)
    error = refused(server, "/", permitted=frozenset())
    assert (error.code, "this machine" in error.message) == ("refused_address", True)
    assert server.asked == []


def test_the_next_address_is_tried_where_one_does_not_answer(server: Server) -> None:
    server.routes["/"] = Reply(PAGE)
    two = {"resolve": lambda *_: ["127.0.0.9", LOOPBACK]}
    allowed = {"permitted": frozenset({"127.0.0.9", LOOPBACK})}
    assert fetch(server, "/", **two, **allowed)[1] == PAGE


def test_proxies_are_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.routes["/"] = Reply(PAGE)
    assert fetch(server, "/")[1] == PAGE


def test_nothing_listens(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unreadable) as error:
        fetcher(server).fetch(f"https://{HOST}:9/", io.BytesIO())
    assert error.value.code == "unreachable"
    assert error.value.message == "the connection failed: connection refused"
    assert error.value.hint == "try again later"
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(Unreadable) as error:
        fetcher(server).fetch(f"https://{HOST}:9/", io.BytesIO())
    assert error.value.hint.startswith("proxies are not used")
