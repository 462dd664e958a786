"""Mailboxes, archives, files in files: every one is found, under its name, within the limits."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from ragcli.errors import Unreadable
from ragcli.reading import archives, options, unpack
from ragcli.reading.options import ReadOptions
from ragcli.reading.parts import clean_name
from ragcli.reading.table import format_of
from ragcli.reading.unpack import Reading, Unpacking, read_itself


@pytest.fixture(autouse=True)
def asked_for() -> Iterator[None]:
    options.use(ReadOptions(archives=True, password="秘密"))
    yield
    options.use(ReadOptions())


def opened(name: str, data: bytes) -> dict[str, Reading]:
    path = PurePath(name)
    holds = format_of(path, data)
    assert holds
    return {part.name: part.read() for part in Unpacking(path, data, holds).parts()}


def texts(name: str, data: bytes) -> dict[str, str]:
    return {part: r.document.text for part, r in opened(name, data).items() if r.document}


def problems(name: str, data: bytes) -> dict[str, str]:
    return {part: r.problem.code for part, r in opened(name, data).items() if r.problem}


def zipped(**members: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(mode: str, **members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1714557600
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


# ------------------------------------------------------------ mailboxes

MAIL = "From: a@b.c\nDate: Wed, 1 May 2024 10:00:00 +0000\nSubject: {0}\n\n{1}\n"
LINE = "From a@b.c Wed May  1 10:00:00 2024\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_each_message_of_a_mailbox_is_a_part(newline: str) -> None:
    box = "".join(
        LINE + MAIL.format(f"信 {n}", f"第一 {n}\nFrom here on\n>From the start\n>>From\n") + "\n"
        for n in (1, 2, 3)
    )
    found = opened("a.mbox", box.replace("\n", newline).encode())
    assert list(found) == ["1", "2", "3"]
    second = found["2"].document
    assert second and second.format == "mail" and second.title == "信 2"
    assert second.date == "2024-05-01T10:00:00+00:00"
    assert "第一 2\nFrom here on\nFrom the start\n" in second.text


def test_a_mailbox_without_times_and_what_is_none() -> None:
    box = "From me\n" + MAIL.format("one", "x") + "\nFrom me\n" + MAIL.format("two", "y")
    assert list(texts("a.mbox", box.encode())) == ["1", "2"]
    assert list(texts("a.mbox", MAIL.format("alone", "z").encode())) == ["1"]
    with pytest.raises(Unreadable) as caught:
        opened("a.mbox", b"just text")
    assert caught.value.code == "wrong_format"


def test_a_broken_message_costs_that_message() -> None:
    box = LINE + "\xff\0\n\n" + LINE + MAIL.format("fine", "words") + LINE + "Subject: s\n\n"
    found = opened("a.mbox", box.encode("latin-1"))
    assert any(r.document and "words" in r.document.text for r in found.values())


def test_a_mailbox_of_many_is_read_one_message_at_a_time() -> None:
    import tracemalloc

    box = (LINE + MAIL.format("s", "words " * 2000)).encode() * 200
    tracemalloc.start()
    count = sum(1 for part in Unpacking(PurePath("a.mbox"), box, "mbox").parts() if part.data())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 200 and peak < len(box) / 20


# ------------------------------------------------------------ archives


def test_members_of_a_zip() -> None:
    data = zipped(
        **{
            "docs/guide.md": "# Guide\n\nabout pelicans",
            "文档/说明.txt": "中文的说明。",
            ".hidden/a.txt": "x",
            "__MACOSX/a.txt": "x",
            "sound.mp3": "x",
            "../../etc/passwd.txt": "leaves",
            "/abs.txt": "absolute",
            "C:\\win\\a.txt": "drive",
            "docs/": "",
        }
    )
    assert texts("a.zip", data) == {
        "docs/guide.md": "# Guide\n\nabout pelicans",
        "文档/说明.txt": "中文的说明。",
        "etc/passwd.txt": "leaves",
        "abs.txt": "absolute",
        "C:/win/a.txt": "drive",
    }


def test_names_in_gbk_and_dates() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("会议纪要.txt", "检索增强生成说明.txt"):
            raw = name.encode("gbk")
            info = zipfile.ZipInfo(raw.decode("cp437"), (2024, 5, 1, 10, 0, 0))
            archive.writestr(info, "text")
    data = out.getvalue()
    # What old programs in China wrote: the same bytes, without the flag that says UTF-8.
    for name in ("会议纪要.txt", "检索增强生成说明.txt"):
        utf8 = name.encode("gbk").decode("cp437").encode()
        data = data.replace(utf8, name.encode("gbk").ljust(len(utf8), b"_"))
    names = [n.rstrip("_") for n in opened("a.zip", _without_utf8_flag(data))]
    assert names == ["会议纪要.txt", "检索增强生成说明.txt"]


def _without_utf8_flag(data: bytes) -> bytes:
    raw = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = raw.find(mark)
        while start >= 0:
            raw[start + at + 1] &= ~0x08
            start = raw.find(mark, start + 1)
    return bytes(raw)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_members_of_a_tar(mode: str) -> None:
    suffix = "." + mode.partition(":")[2] if ":" in mode else ""
    data = tarred(mode, **{"a/说明.txt": "中文".encode(), "b.md": b"# B\n\ntext"})
    found = opened(f"x.tar{suffix}", data)
    assert list(found) == ["a/说明.txt", "b.md"]
    assert found["b.md"].mtime_ns == 1714557600 * 10**9
    assert found["a/说明.txt"].document is not None


def test_links_and_devices_are_no_members() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"n{ord(kind)}.txt")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("a.txt")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"text"))
    assert texts("a.tar", out.getvalue()) == {"a.txt": "text"}
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zip_archive:
        zip_archive.writestr(link, "/etc/passwd")
        zip_archive.writestr("a.txt", "text")
    assert texts("a.zip", out.getvalue()) == {"a.txt": "text"}


@pytest.mark.parametrize(
    ("name", "compress"),
    [("日志.txt.gz", gzip.compress), ("a.log.bz2", bz2.compress), ("b.md.xz", lzma.compress)],
)
def test_one_compressed_file(name: str, compress: object) -> None:
    assert callable(compress)
    found = texts(name, compress("一行文字\n".encode()))
    assert found == {PurePath(name).stem: "一行文字\n"}


def test_equal_names_are_told_apart() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for text in (b"one", b"two", b"six"):
            info = tarfile.TarInfo("a.txt")
            info.size = 3
            archive.addfile(info, io.BytesIO(text))
    assert texts("a.tar", out.getvalue()) == {
        "a.txt": "one",
        "a (2).txt": "two",
        "a (3).txt": "six",
    }


@pytest.mark.parametrize(
    ("name", "cited"),
    [
        ("a\0b\n\x1b[31mc.txt", "ab [31mc.txt"),
        ("\udcff.txt", ".txt"),
        ("..", "part"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("a//./../b", "a/b"),
    ],
)
def test_names_are_made_fit_to_be_cited(name: str, cited: str) -> None:
    assert clean_name(name) == cited


def test_archives_are_unpacked_only_when_asked_for() -> None:
    data = zipped(**{"a.txt": "text"})
    mail = _mail_with("a.zip", data)
    assert texts("a.eml", mail) == {"2/a.zip/a.txt": "text"}
    options.use(ReadOptions())
    document, problem, holds = read_itself(PurePath("a.zip"), data)
    assert document is None and holds is None
    assert problem and "--archives" in problem.hint
    assert opened("a.eml", mail) == {}


def _mail_with(name: str, data: bytes) -> bytes:
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"] = "a@b.c"
    message.set_content("see the attachment")
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return bytes(message)


# ------------------------------------------------------------ what is broken, or means harm


def test_a_bad_crc_costs_that_member() -> None:
    data = bytearray(zipped(**{"a.txt": "first text " * 50, "b.txt": "second"}))
    data[45] ^= 0xFF
    assert problems("a.zip", bytes(data)) == {"a.txt": "broken"}
    assert texts("a.zip", bytes(data)) == {"b.txt": "second"}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.xz", "gz"])
def test_archives_that_were_cut(suffix: str, share: float) -> None:
    import random

    body = random.Random(1).randbytes(3000).hex().encode()
    members = {"a.txt": body, "b.txt": body[::-1]}
    if suffix == "zip":
        data = zipped(**members)
    elif suffix == "gz":
        data = gzip.compress(body)
    else:
        data = tarred("w" + suffix[3:].replace(".", ":"), **members)
    data = data[: int(len(data) * share)]
    with pytest.raises(Unreadable) as caught:
        found = opened(f"x.{suffix}", data)
        told = [r.problem for r in found.values() if r.problem]
        # Where the end is missing but all members are there, nothing is lost.
        whole = all(r.document for r in found.values()) and len(found) == 2
        problem = told[0] if told else None
        raise Unreadable(problem.code if problem else ("broken" if whole else "silent"), "")
    assert caught.value.code in ("broken", "wrong_format")


def test_damage_between_the_members_of_a_tar_is_told() -> None:
    data = bytearray(tarred("w", **{"a.txt": b"one", "b.txt": b"two"}))
    data[1024 + 10] ^= 0xFF
    with pytest.raises(Unreadable) as caught:
        opened("a.tar", bytes(data))
    assert caught.value.code == "broken"


def test_encrypted_members() -> None:
    data = bytearray(zipped(**{"a.txt": "text", "b.txt": "fine"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + at] |= 1
    assert problems("a.zip", bytes(data)) == {"a.txt": "encrypted"}
    options.use(ReadOptions(archives=True))
    assert problems("a.zip", bytes(data)) == {"a.txt": "encrypted"}
    assert texts("a.zip", bytes(data)) == {"b.txt": "fine"}


def test_a_gigabyte_of_zeros_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_PART_BYTES", 1 << 20)
    zeros = bytes(3 << 20)
    assert problems("a.zip", zipped(**{"a.txt": zeros})) == {"a.txt": "too_large"}
    assert problems("a.txt.gz", gzip.compress(zeros)) == {"a.txt": "too_large"}
    assert problems("a.tgz", tarred("w:gz", **{"a.txt": zeros, "b.txt": b"x"})) == {
        "a.txt": "too_large"
    }
    lying = bytearray(zipped(**{"a.txt": zeros}))
    at = lying.find(b"PK\x01\x02") + 24
    lying[at : at + 4] = (100).to_bytes(4, "little")
    assert problems("a.zip", bytes(lying)) == {"a.txt": "broken"}


def test_the_whole_may_not_grow_beyond_a_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "RATIO_COUNTS_FROM_BYTES", 1 << 20)
    data = zipped(**{f"{n}.txt": bytes(1 << 19) for n in range(20)})
    with pytest.raises(Unreadable) as caught:
        opened("a.zip", data)
    assert caught.value.code == "too_large" and "times" in caught.value.message
    monkeypatch.setattr(unpack, "MAX_RATIO", 10**6)
    monkeypatch.setattr(unpack, "MAX_UNPACKED_BYTES", 1 << 21)
    with pytest.raises(Unreadable) as caught:
        opened("a.zip", data)
    assert caught.value.code == "too_large"


def test_archives_in_archives_end_at_a_depth() -> None:
    """As in 42.zip: each level holds several of the next."""
    data = zipped(**{"a.txt": "innermost"})
    for _ in range(9):
        data = zipped(**{"1.zip": data, "2.zip": data})
    found = opened("a.zip", data)
    assert {r.problem.code for r in found.values() if r.problem} == {"too_large"}
    assert max(name.count(".zip") for name in found) == 5 and len(found) == 62


def test_mails_in_mails_end_at_a_depth() -> None:
    head = "From: a@b.c\nSubject: s\nContent-Type: message/rfc822\n\n"
    found = opened("a.eml", (head * 1000 + "From: a@b.c\n\ninnermost").encode())
    assert len(found) == 5
    deepest = found["/".join(["1/message.eml"] * 5)].document
    assert deepest and [p.code for p in deepest.problems] == ["too_large"]


def test_too_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MAX_PARTS", 10)
    with pytest.raises(Unreadable) as caught:
        opened("a.zip", zipped(**{f"{n}.txt": "x" for n in range(11)}))
    assert caught.value.code == "too_large"
    monkeypatch.setattr(archives, "MAX_PARTS", 5)
    with pytest.raises(Unreadable) as caught:
        opened("a.zip", zipped(**{f"{n}.txt": "x" for n in range(11)}))
    assert caught.value.code == "too_large"


def test_a_name_of_a_gigabyte_in_a_tar() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    with pytest.raises(Unreadable) as caught:
        opened("a.tar", info.tobuf() + bytes(4096))
    assert caught.value.code in ("too_large", "broken")


def test_random_damage_never_fails() -> None:
    import random

    choose = random.Random(3)
    whole = {
        "a.zip": zipped(**{"a.txt": "some text", "b.md": "# more"}),
        "a.tar": tarred("w", **{"a.txt": b"some text", "b.md": b"# more"}),
        "a.tgz": tarred("w:gz", **{"a.txt": b"some text", "b.md": b"# more"}),
    }
    for name, data in whole.items():
        for _ in range(100):
            raw = bytearray(data)
            for _ in range(choose.randint(1, 6)):
                raw[choose.randrange(len(raw))] = choose.randrange(256)
            try:
                for part, read in opened(name, bytes(raw)).items():
                    part.encode()
                    assert read.document or read.problem or part.endswith((".zip", ".tar"))
            except Unreadable:
                pass
