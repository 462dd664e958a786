"""What a server's words say about a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.fetching.media import charset_of, name_of, suffix_of


@pytest.mark.parametrize(
    ("content_type", "disposition", "path", "suffix"),
    [
        ("text/html; charset=utf-8", "", "/paper.pdf", ".html"),
        ("TEXT/HTML", "", "/index.php", ".html"),
        ("application/pdf", "", "/download?id=7", ".pdf"),
        ("text/plain", "", "/repo/README.md", ".md"),
        ("text/plain; charset=gbk", "", "/notes", ".txt"),
        ("text/x-unknown", "", "/notes", ".txt"),
        ("application/octet-stream", "", "/book.epub", ".epub"),
        ("application/octet-stream", 'attachment; filename="报告.docx"', "/get.php", ".docx"),
        ("application/octet-stream", "attachment; filename*=UTF-8''a%20b.xlsx", "/x", ".xlsx"),
        ("application/octet-stream", 'attachment; filename="../../etc/passwd"', "/x", ""),
        ("application/octet-stream", "attachment; filename=a.md; filename*=x''b.csv", "/", ".csv"),
        ("application/octet-stream", 'attachment; filename="a\\"b.md"; x="', "/x", ".md"),
        ("application/octet-stream", "inline; filename*=utf-8''%ff%00.p/df", "/x", ""),
        ("", "", "/report.PDF", ".pdf"),
        ("", "", "/", ""),
        ("", "", "/v1.2/", ""),
        ("", "", "/%E6%8C%87%E5%8D%97.md?x=y.pdf", ".md"),
        ("application/atom+xml", "", "/feed", ".xml"),
        ("application/ld+json", "", "/data", ".json"),
        ("nonsense", "", "/a.csv", ".csv"),
        (";;;\r\nX: y", "", "/a." + "b" * 300, ""),
    ],
)
def test_suffix(content_type: str, disposition: str, path: str, suffix: str) -> None:
    assert suffix_of(content_type, disposition, f"https://example.com{path}") == suffix


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/html; charset=GBK", "gbk"),
        ('text/html; charset="utf-8"', "utf-8"),
        ("text/html", ""),
        ("", ""),
        ("text/html; charset=", ""),
        ("text/html;charset = Big5 ; x=y", "big5"),
        ("text/html; charset=utf-8; charset=gbk", "utf-8"),
        ("text/html; charset=\x00\ud800", ""),
        ("text/html; charset=" + "a" * 5000, ""),
    ],
)
def test_charset(content_type: str, charset: str) -> None:
    assert charset_of(content_type) == charset


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/Report%202024.pdf", "Report_2024"),
        ("/%E6%8C%87%E5%8D%97.html", "指南"),
        ("/", "page"),
        ("", "page"),
        ("/..", "page"),
        ("/a%2Fb%00c", "b_c"),
        ("/" + "好" * 500, "好" * 60),
    ],
)
def test_name(path: str, name: str) -> None:
    assert name_of(f"https://example.com{path}") == name


@given(st.text(st.sampled_from(";=*'\"\\% \t\x00é中\ud800charsetfilename0.pdf/")))
def test_any_header_is_taken(header: str) -> None:
    suffix = suffix_of(header, "attachment;" + header, "https://example.com/")
    assert suffix == "" or (suffix[1:].isalnum() and suffix.isascii())
    assert "\x00" not in charset_of("text/html;charset=" + header)
