"""Addresses in every form, and clients that go nowhere else."""

from __future__ import annotations

import pytest

from ragcli.errors import UsageError
from ragcli.http import host_url, is_loopback, open_client


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


def test_another_scheme_is_refused() -> None:
    with pytest.raises(UsageError):
        host_url("ftp://example.com")


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


def test_a_proxy_is_never_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")
    for url, proxies, used in (
        ("http://127.0.0.1:1", True, False),
        ("http://example.com", True, True),
        ("http://example.com", False, False),
    ):
        with open_client(url, 1.0, proxies=proxies) as client:
            assert bool(client._mounts) is used


def test_a_wrong_address_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        open_client("http://host:port", 1.0)
