"""A folder of files that harm: each with the state that it must end in.

``FILES`` maps a name to how its bytes are made and what is to become of it; ``lay_out`` writes
them, and around them what is no file. PDFs, packages and other documents: ``hostile_pdf``,
``hostile_package``, ``hostile_office``.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from fakes import hostile_office, hostile_package, hostile_pdf

WORDS = "The lighthouse keeper counted seven sextants before the storm reached the harbour. "
CHINESE = "检索增强生成把语言模型与文档检索结合起来，灯塔看守人数了七个六分仪。"


class Hostile(NamedTuple):
    """``state``: see ``ragcli.domain.State``, several where all of them are right, joined by ``|``;
    ``skipped: RULE`` for what is passed over."""

    make: Callable[[], bytes]
    state: str


def _noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def _text(text: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    return lambda: text.encode(encoding, "surrogatepass")


def _nested(tag: str, depth: int) -> bytes:
    return (f"<{tag}>" * depth + WORDS + f"</{tag}>" * depth).encode()


_LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(12)
)
_YAML_BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)

TEXTS = {
    "invalid-utf8.txt": (lambda: WORDS.encode() + b"\xff\xfe\xfa" + WORDS.encode(), "stored"),
    "cut-utf8.txt": (lambda: CHINESE.encode()[:-2], "stored"),
    "cut-gb18030.txt": (lambda: CHINESE.encode("gb18030")[:-1], "stored"),
    "utf16le-without-mark.txt": (_text(WORDS * 3, "utf-16-le"), "stored"),
    "utf16be-without-mark.txt": (_text(WORDS * 3, "utf-16-be"), "stored"),
    "utf16-odd.txt": (lambda: WORDS.encode("utf-16")[:-1], "stored"),
    "surrogates.txt": (_text(WORDS + "\ud800\udfff"), "stored"),
    "some-nuls.txt": (lambda: (WORDS.encode() * 20).replace(b"storm", b"st\0rm"), "stored"),
    "only-nuls.txt": (lambda: bytes(100_000), "unsupported"),
    "noise.txt": (lambda: _noise(100_000), "unsupported"),
    "noise": (lambda: _noise(100_000), "skipped: binary"),
    "million-without-space.txt": (lambda: b"a" * 1_000_000, "stored"),
    "million-ideographs.txt": (_text("灯" * 1_000_000), "stored"),
    "terminal.txt": (lambda: WORDS.encode() + b"\x1b]0;owned\x07\x1b[2J\x9b31m", "stored"),
    "bidi.txt": (_text("\u202e" + WORDS + "\u2066" * 500), "stored"),
    "equal-lines.txt": (lambda: b"the same line\n" * 5000, "stored"),
    "one-letter-lines.txt": (lambda: b"x\n\n" * 100_000, "stored"),
    "old-mac.txt": (lambda: WORDS.encode() * 50 + b"\r" * 100_000, "stored"),
    "marks.txt": (_text("a" + "\u0301" * 200_000), "stored"),
    "zero-width.txt": (_text("\u200b\u200d\u2060" * 1000), "no_text"),
    "blank.txt": (lambda: b" \t\r\n" * 100_000, "skipped: empty"),
    "nothing.txt": (lambda: b"", "skipped: empty"),
    "only-a-mark.txt": (lambda: b"\xef\xbb\xbf", "skipped: empty"),
    "too-much-text.txt": (lambda: (WORDS.encode() + b"\n") * 450_000, "partly"),
    "deep.json": (lambda: b"[" * 100_000 + b"1" + b"]" * 100_000, "stored"),
    "aliases.yaml": (_text(_YAML_BOMB), "stored|partly"),
    "laughs.xml": (_text(f"<!DOCTYPE x [{_LAUGHS}]><x>{WORDS}&l11;</x>"), "stored|partly"),
    "outside.xml": (
        _text(f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>{WORDS}&e;</x>'),
        "stored|partly",
    ),
    "quotes.md": (lambda: b">" * 100_000 + WORDS.encode(), "stored"),
    "brackets.md": (lambda: b"[" * 50_000 + WORDS.encode() + b"](" * 50_000, "stored"),
    "ticks.md": (lambda: b"".join(b"`" * n + b" " for n in range(700)) + WORDS.encode(), "stored"),
    "lists.md": (
        lambda: b"".join(b" " * 2 * n + b"- item\n" for n in range(500)),
        "stored",
    ),
    "front-matter.md": (_text(f"---\n{_YAML_BOMB}---\n{WORDS}"), "stored"),
    "parentheses.py": (lambda: b"x = " + b"(" * 100_000 + b"1" + b")" * 100_000, "stored"),
    "long-line.js": (lambda: b"var a=[" + b"'word'," * 150_000 + b"]", "stored"),
}

MARKUP = {
    "outside.rst": (_text(f".. include:: /etc/passwd\n\n{WORDS}"), "stored|partly"),
    "outside-raw.rst": (_text(f".. raw:: html\n   :file: /etc/passwd\n\n{WORDS}"), "stored|partly"),
    "outside.adoc": (_text(f"include::/etc/passwd[]\n\n{WORDS}"), "stored"),
    "outside.tex": (_text(f"\\input{{/etc/passwd}}\n{WORDS}"), "stored"),
    "outside.org": (_text(f'#+INCLUDE: "/etc/passwd"\n\n{WORDS}'), "stored"),
    "outside.svg": (
        _text('<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg>&e;</svg>'),
        "skipped: binary",
    ),
    "deep.rst": (_text("".join(f"{' ' * n}{WORDS}\n\n" for n in range(300))), "stored|partly"),
    "deep.rtf": (
        lambda: b"{\\rtf1 " + b"{" * 100_000 + WORDS.encode() + b"}" * 100_001,
        "stored|failed",
    ),
    "lying-binary.rtf": (
        lambda: b"{\\rtf1 " + WORDS.encode() + b"\\bin2147483647 " + b"x" * 999 + b"}",
        "stored",
    ),
    "numbers.rtf": (
        lambda: (
            b"{\\rtf1 \\u" + b"9" * 5000 + b" \\fs" + b"9" * 5000 + b" " + WORDS.encode() + b"}"
        ),
        "stored|failed",
    ),
    "deep-objects.json": (
        lambda: b'{"a":' * 100_000 + b'"sextant"' + b"}" * 100_000,
        "stored|failed",
    ),
    "long-number.json": (lambda: b'{"n": ' + b"9" * 1_000_000 + b', "w": "sextant"}', "stored"),
    "broken.jsonl": (lambda: b'{"a": "sextant"}\n{"a": \n' * 5000, "stored|partly"),
    "wide.csv": (lambda: b",".join(b"c%d" % n for n in range(100_000)) + b"\n" + b"x,\n", "stored"),
    "open-quote.csv": (lambda: b'a,b\n"' + (WORDS.encode() + b"\n") * 20_000, "stored|partly"),
    "deep.ipynb": (lambda: b'{"cells":' + b"[" * 100_000, "stored|failed"),
    "parts.eml": (
        lambda: (
            b"Subject: parts\nContent-Type: multipart/mixed; boundary=b\n\n"
            + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 3000
            + WORDS.encode()
        ),
        "stored|failed|partly|no_text|too_large",
    ),
    "headers.eml": (
        lambda: b"Subject: =?utf-8?B?" + b"QUFB" * 100_000 + b"?=\n" * 3 + b"\n" + WORDS.encode(),
        "stored|partly|no_text|failed",
    ),
    "from.mbox": (
        lambda: b"From a@b Thu Jan  1 00:00:00 1970\n\n" * 20_000 + WORDS.encode(),
        "stored|partly|no_text|failed|unsupported",
    ),
    "laughs.fb2": (
        _text(
            f"<!DOCTYPE x [{_LAUGHS}]><FictionBook><body><p>{WORDS}&l9;</p></body></FictionBook>"
        ),
        "stored|failed|partly",
    ),
    "cues.srt": (
        lambda: b"1\n00:00:00,000 --> 99:99:99,999\n<i>" * 20_000,
        "stored|failed|no_text",
    ),
}

PAGES = {
    "deep-divs.html": (lambda: _nested("div", 100_000), "stored"),
    "deep-lists.html": (lambda: _nested("ul><li", 100_000), "stored"),
    "deep-inline.html": (lambda: _nested("b", 100_000), "stored"),
    "deep-tables.html": (lambda: _nested("table><tr><td", 30_000), "stored"),
    "never-closed.html": (lambda: b"<p>" + WORDS.encode() + b"<a href=x>" * 100_000, "stored"),
    "wrong-charset.html": (
        lambda: b'<meta charset="big5"><p>' + (CHINESE * 3).encode(),
        "stored",
    ),
    "unknown-charset.html": (lambda: b'<meta charset="x-none"><p>' + WORDS.encode(), "stored"),
    "laughs.html": (_text(f"<!DOCTYPE html [{_LAUGHS}]><p>{WORDS}&l11;</p>"), "stored"),
    "outside.xhtml": (
        _text(
            '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
            f"<html><body><p>{WORDS}&e;</p></body></html>"
        ),
        "stored",
    ),
    "script-only.html": (lambda: b"<script>" + b"x();" * 1000 + b"</script>", "no_text"),
    "comment-never-ends.html": (lambda: b"<!-- " + WORDS.encode() * 100, "no_text"),
    "nuls.html": (lambda: b"<p>" + WORDS.encode().replace(b" ", b" \0") + b"</p>", "stored"),
    "wide-attribute.html": (
        lambda: b'<p title="' + b"x" * 2_000_000 + b'">' + WORDS.encode() + b"</p>",
        "stored",
    ),
    "many-attributes.html": (
        lambda: b"<p " + b" ".join(b"a%d=1" % n for n in range(20_000)) + b">" + WORDS.encode(),
        "stored",
    ),
    "plaintext.html": (lambda: b"<p>" + WORDS.encode() + b"<plaintext>" + b"</p>" * 9999, "stored"),
}

NAMES: dict[bytes, str] = {
    b"new\nline.txt": "stored",
    b"'quotes\".txt": "stored",
    b"-rf.txt": "stored",
    b"--help": "stored",
    b"\xd6\xd0\xce\xc4.txt": "stored",
    b"\x1b[31mred.txt": "stored",
    "\u202egnp.txt".encode(): "stored",
    b"a#page=3.txt": "stored",
    b"a:12.txt": "stored",
    b"*?[x].txt": "stored",
    b" spaces .txt ": "stored",
    b"$(touch owned);`x`.txt": "stored",
    b"n" * 236 + b".txt": "stored",
    ("字" * 78 + ".txt").encode(): "stored",
}

FILES: dict[bytes, Hostile] = {
    **{
        name.encode(): Hostile(*row)
        for table in (
            TEXTS,
            MARKUP,
            PAGES,
            hostile_pdf.FILES,
            hostile_package.FILES,
            hostile_office.FILES,
        )
        for name, row in table.items()
    },
    **{
        name: Hostile(_text(f"{WORDS} {n}"), state) for n, (name, state) in enumerate(NAMES.items())
    },
}


def lay_out(folder: Path) -> dict[str, str]:
    """Write all of it below ``folder``; the state, or the rule, that each must end in."""
    expected = {}
    for name, (make, state) in FILES.items():
        path = folder / os.fsdecode(name)
        path.write_bytes(make())
        expected[name.decode("utf-8", "backslashreplace")] = state
    expected |= dict(_others(folder))
    return expected


def lay_out_named(folder: Path, names: list[str]) -> None:
    """Only the files of these names."""
    for name in names:
        (folder / name).write_bytes(FILES[name.encode()].make())


def _others(folder: Path) -> Iterator[tuple[str, str]]:
    """Links, pipes, sockets, deep folders, sparse and unreadable files."""
    outside = folder.parent / "outside.txt"
    outside.write_text("a secret outside of the folder")
    (folder / "link-outside.txt").symlink_to(outside)
    yield "link-outside.txt", "skipped: symlink"
    (folder / "link-to-itself").symlink_to("link-to-itself")
    yield "link-to-itself", "skipped: symlink"
    (folder / "loop").mkdir()
    (folder / "loop" / "back").symlink_to(folder)
    yield "loop/back", "skipped: symlink"
    os.mkfifo(folder / "pipe.txt")
    yield "pipe.txt", "skipped: special"
    with socket.socket(socket.AF_UNIX) as end, suppress(OSError):  # a path too long for a socket
        end.bind(os.fspath(folder / "socket"))
        yield "socket", "skipped: special"
    deep = folder.joinpath(*["deep"] * 150)
    deep.mkdir(parents=True)
    (deep / "down.txt").write_text(WORDS + "down here")
    yield f"{'deep/' * 150}down.txt", "stored"
    with (folder / "sparse.txt").open("wb") as file:
        file.truncate(3 << 30)
    yield "sparse.txt", "unsupported"
    if os.geteuid() != 0:
        (folder / "shut.txt").write_text(WORDS)
        (folder / "shut.txt").chmod(0)
        yield "shut.txt", "failed"
