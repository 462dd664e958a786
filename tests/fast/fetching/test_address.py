"""Addresses: one way of writing each, and those that are never fetched."""

from __future__ import annotations

import pytest

from ragcli.errors import UsageError
from ragcli.fetching.address import has_scheme, is_address, normal, parse


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM/A?b=C#d", "https://example.com/A?b=C"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("https://example.com:/x", "https://example.com/x"),
        ("https://example.com/a/./b/../c", "https://example.com/a/c"),
        ("https://example.com?q=1", "https://example.com/?q=1"),
        ("https://example.com#top", "https://example.com/"),
        ("https://中文.example/指南?页=1", "https://xn--fiq228c.example/%E6%8C%87%E5%8D%97?%E9%A1%B5=1"),
        ("https://xn--fiq228c.example/%E6%8C%87%E5%8D%97", "https://xn--fiq228c.example/%E6%8C%87%E5%8D%97"),
        ("https://127。0。0。1/", "https://127.0.0.1/"),
        ("https://[::1]:8443/", "https://[::1]:8443/"),
        ("https://a_b.example/@user/x", "https://a_b.example/@user/x"),
        ("https://example.com/?mail=a@b.example", "https://example.com/?mail=a@b.example"),
    ],
)  # fmt: skip
def test_one_way_of_writing(typed: str, stored: str) -> None:
    assert normal(typed) == stored
    assert normal(stored) == stored
    assert is_address(typed)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("http://example.com/", "only https"),
        ("ftp://example.com/", "only https"),
        ("file:///etc/passwd", "only https"),
        ("https://user:secret@example.com/", "password"),
        ("https://user@example.com/", "password"),
        ("https://@example.com/", "password"),
        ("http://user:secret@example.com/", "password"),
        ("https://example.com\\@other.example/", "backslash"),
        ("https://example.com/a b", "white space"),
        ("https://example.com/\n", "white space"),
        ("https://exam\tple.com/", "white space"),
        ("https://example.com/\x00", "control"),
        ("https://example.com/\u3000", "white space"),
        ("https:///etc/passwd", "no name of a host"),
        ("https://", "no name of a host"),
        ("https://%31%32%37.0.0.1/", "no name of a host"),
        ("https://h%00.example/", "no name of a host"),
        ("https://[fe80::1%25eth0]/", "no name of a host"),
        ("https://a,b/", "no name of a host"),
        ("https://example.com:0/", "no such port"),
        ("https://example.com:65536/", "no such port"),
        ("https://example.com:x/", "port"),
        ("https://[::1", "port"),
        ("https://[1.2.3.4]/", "IPv6"),
        ("https://①②⑦.0.0.1/", "IDNA"),
        ("https://" + "a." * 200 + "example/", "no name of a host"),
        ("https://example.com/" + "a" * 70_000, "too long"),
    ],
)
def test_what_is_never_fetched(typed: str, word: str) -> None:
    with pytest.raises(UsageError, match=word) as refused:
        normal(typed)
    assert refused.value.hint
    assert "secret" not in str(refused.value) + refused.value.hint


def test_the_parts_are_those_of_one_parser() -> None:
    url = parse("https://Example.com:8443/a%2fb?x=/@y")
    assert (url.raw_host, url.port, url.raw_path) == (b"example.com", 8443, b"/a%2fb?x=/@y")
    assert parse("https://example.com").raw_path == b"/"


def test_what_is_an_address_and_what_a_path() -> None:
    assert has_scheme("http://x") and has_scheme("FTP://x") and has_scheme("https://x")
    assert not any(map(has_scheme, ("docs", "./https:/x", "https:/x", "C:\\x", "a b://x")))
    assert not any(map(is_address, ("http://x", "https:/x", "docs/https://x")))
