"""Addresses in every form, and clients that go nowhere else."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from fakes.openai_server import FakeOpenAI, Reply
from fakes.tls_server import HOST
from fakes.tls_server import Reply as TlsReply
from fakes.tls_server import Server as TlsServer
from fakes.tunnel import Tunnel

from ragcli.errors import ProviderUnavailable, UsageError
from ragcli.http import Server, host_url, is_loopback


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("example.com", "http://example.com:11434"),
        ("http://example.com", "http://example.com:80"),
        ("https://example.com", "https://example.com:443"),
        ("HTTPS://example.com/", "https://example.com:443"),
        ("http://example.com:99/ollama/", "http://example.com:99/ollama"),
        ("example.com/path", "http://example.com:11434/path"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:99", "http://[::1]:99"),
        ("http://[::1]", "http://[::1]:80"),
        ("::", "http://[::1]:11434"),
        ("example.com:x", "http://example.com:11434"),
        ("example.com:70000", "http://example.com:11434"),
        (" localhost ", "http://localhost:11434"),
    ],
)
def test_every_form_of_ollama_host(value: str, url: str) -> None:
    assert host_url(value) == url


@pytest.mark.parametrize("value", ["ftp://example.com", "me:pass@host", "http://me:pass@host:1"])
def test_another_scheme_and_a_password_are_refused(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        host_url(value)
    assert "pass@" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:1", True),
        ("http://LOCALHOST", True),
        ("http://a.localhost", True),
        ("http://192.168.0.2", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@example.com", False),
        ("nonsense", False),
    ],
)
def test_loopback(url: str, here: bool) -> None:
    assert is_loopback(url) is here


def server(url: str, **facts: Any) -> Server:
    return Server(url, "the server", "start it", 5.0, **facts)


def test_a_proxy_is_used_for_other_machines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeOpenAI([Reply(body={"n": 1}), Reply(body={"n": 2})]) as fake:
        proxy = fake.base_url.removesuffix("/v1").removeprefix("http://")
        monkeypatch.setenv("HTTP_PROXY", f"http://me:pass@{proxy}")
        with server("http://models.example.com/v1", proxies=True).ask("POST", "/x", {}) as reply:
            assert reply.object() == {"n": 1}
        with server(fake.base_url, proxies=True).ask("POST", "/x", {}) as reply:
            assert reply.object() == {"n": 2}
        assert [path for path, *_ in fake.requests] == ["http://models.example.com/v1/x", "/v1/x"]
        monkeypatch.setenv("NO_PROXY", "example.com")
        assert server("http://models.example.com", proxies=True)._proxy() is None


def test_a_key_goes_through_a_proxy_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = TlsServer(tmp_path)
    tls.routes["/v1/x"] = TlsReply(b'{"n": 3}')
    (tmp_path / "authority.pem").write_text(tls.authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    try:
        with Tunnel(tls.port) as tunnel:
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:pass@127.0.0.1:{tunnel.port}")
            there = server(f"https://{HOST}/v1", key="sk-mine", proxies=True)
            with there.ask("GET", "/x") as reply:
                assert reply.object() == {"n": 3}
    finally:
        tls.close()
    assert tunnel.heard.startswith(f"CONNECT {HOST}:443 ")
    assert "Proxy-Authorization: Basic bWU6cGFzcw==" in tunnel.heard
    assert "sk-mine" not in tunnel.heard
    ((path, headers),) = tls.asked
    assert (path, headers["authorization"]) == ("/v1/x", "Bearer sk-mine")
    assert "proxy-authorization" not in headers


def test_another_machine_is_tried_again_and_this_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def refuses(self: HTTPConnection) -> None:
        tried.append(self.host)
        raise ConnectionRefusedError

    monkeypatch.setattr(HTTPConnection, "connect", refuses)
    monkeypatch.setattr("ragcli.http.sleep", lambda seconds: None)
    for url, times in (("http://10.1.2.3:1", 3), ("http://127.0.0.1:1", 1)):
        tried.clear()
        with (
            pytest.raises(ProviderUnavailable, match="does not answer") as caught,
            server(url).ask("GET", "/"),
        ):
            pass
        assert (len(tried), caught.value.hint) == (times, "start it")


@pytest.mark.parametrize(
    "url", ["http://host:port", "ftp://host", "nonsense", "http://", "http://me:pass@host"]
)
def test_a_wrong_address_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        server(url)
    assert "pass" not in caught.value.message


def test_a_key_that_no_header_takes_is_told_and_not_shown() -> None:
    with (
        FakeOpenAI([]) as fake,
        pytest.raises(UsageError) as caught,
        server(fake.base_url, key="sk-1\nX: y").ask("POST", "/x", {}),
    ):
        pass
    assert "sk-1" not in caught.value.message


def test_a_server_that_cannot_prove_who_it_is(tmp_path: Path) -> None:
    tls = TlsServer(tmp_path)
    try:
        with (
            pytest.raises(ProviderUnavailable, match="cannot prove who it is") as caught,
            server(f"https://127.0.0.1:{tls.port}", key="sk-mine").ask("GET", "/"),
        ):
            pass
        assert "SSL_CERT_FILE" in caught.value.hint and tls.asked == []
    finally:
        tls.close()
