"""Archives: zip, tar (also compressed), and one compressed file. Their members are parts.

Nothing is written to the disk: a member's name is only a name. Links, devices and folders are no
members. Sizes are looked at before anything is inflated, and inflating stops at the limit.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import PurePath
from typing import IO, Any, cast

from ragcli.errors import Unreadable
from ragcli.reading import options
from ragcli.reading.encodings import decode
from ragcli.reading.parts import (
    MAX_PART_BYTES,
    MAX_PARTS,
    MAX_UNPACKED_BYTES,
    Data,
    Part,
    stream_of,
)

_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    ValueError,
)
_ENTRY = b"PK\x01\x02"  # of a zip's central directory
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800  # general purpose bits (APPNOTE 4.4.4)
_AES = 99
_PASSWORD = "give its password: RAG_READ_PASSWORD"
_COMPRESSED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}


def parts(data: Data, path: PurePath) -> Iterator[Part]:
    """The files in an archive. Raises Unreadable (``broken``, ``too_large``), also midway."""
    try:
        if data[:2] == b"PK":
            yield from _zip(data)
            return
        if _is_tar(_inflated(data)):
            yield from _tar(_Bounded(_inflated(data)))
        elif data[:6].startswith(tuple(_COMPRESSED)):
            yield Part(path.stem, partial(_read, _inflated(data)))
        else:
            raise Unreadable("wrong_format", "it is no archive, whatever its name says")
    except _BROKEN as error:
        raise _broken(error) from error


def _inflated(data: Data) -> IO[bytes]:
    """The bytes as a stream, without their compression."""
    plain = stream_of(data)
    opened = next((o for mark, o in _COMPRESSED.items() if data[:6].startswith(mark)), None)
    return cast(IO[bytes], opened(plain)) if opened else plain


def _broken(error: Exception) -> Unreadable:
    what = " ".join(str(error).split()) or type(error).__name__
    return Unreadable("broken", f"the archive is damaged: {what}", "make or download it again")


def _too_large() -> Unreadable:
    limit = MAX_PART_BYTES // 1024**2
    return Unreadable("too_large", f"it unpacks to more than {limit} MiB", "unpack it yourself")


def _read(stream: IO[bytes]) -> bytes:
    """All of a compressed stream. Raises Unreadable."""
    try:
        data = stream.read(MAX_PART_BYTES + 1)
    except _BROKEN as error:
        raise _broken(error) from error
    if len(data) > MAX_PART_BYTES:
        raise _too_large()
    return data


# ------------------------------------------------------------ zip


def _zip(data: Data) -> Iterator[Part]:
    # Its directory is held as objects: a kilobyte each.
    entries = re.finditer(_ENTRY, data)
    if next(islice(entries, 2 * MAX_PARTS, None), None):
        raise Unreadable("too_large", f"more than {MAX_PARTS:,} files in it", "unpack it yourself")
    with zipfile.ZipFile(stream_of(data)) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not _is_link(m)]
        # Programs in China wrote names in GBK; all names together tell which encoding it was.
        old = [m.filename for m in members if not m.flag_bits & _UTF8_NAME]
        names = decode("\n".join(old).encode("cp437", "replace")).split("\n")
        told = dict(zip(old, names, strict=False)) if len(names) == len(old) else {}
        for member in members:
            yield Part(
                told.get(member.filename, member.filename),
                partial(_zip_member, archive, member),
                _time_of(member),
            )


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _time_of(member: zipfile.ZipInfo) -> int | None:
    with suppress(ValueError, OverflowError):
        return int(datetime(*member.date_time, tzinfo=UTC).timestamp()) * 10**9
    return None


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > MAX_PART_BYTES:
        raise _too_large()
    password = options.current().password
    encrypted = bool(member.flag_bits & _ENCRYPTED)
    if encrypted and (not password or member.compress_type == _AES):
        raise Unreadable("encrypted", "encrypted with a password", _PASSWORD)
    try:
        with archive.open(member, pwd=password.encode() if encrypted else None) as stream:
            return _read(stream)
    except RuntimeError as error:  # also what zipfile raises for a wrong password
        if encrypted:
            raise Unreadable("encrypted", "encrypted with another password", _PASSWORD) from error
        raise _broken(error) from error
    except _BROKEN as error:
        raise _broken(error) from error


# ------------------------------------------------------------ tar


class _Bounded(io.RawIOBase):
    """A stream of which nobody can ask too much at once, or altogether: a tar's header may claim
    a name of a gigabyte."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_PART_BYTES or self._stream.tell() > MAX_UNPACKED_BYTES:
            raise _too_large()
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if offset > MAX_UNPACKED_BYTES:
            raise _too_large()
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


def _is_tar(stream: IO[bytes]) -> bool:
    try:
        block = stream.read(tarfile.BLOCKSIZE)
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, *_BROKEN):
        return False
    return True


def _tar(stream: _Bounded) -> Iterator[Part]:
    with tarfile.open(fileobj=stream, mode="r:", encoding="utf-8") as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined] # else all headers that were seen are kept
            if member.isreg():
                name = decode(member.name.encode("utf-8", "surrogateescape"))
                mtime_ns = int(member.mtime) * 10**9 if 0 < member.mtime < 2**33 else None
                yield Part(name, partial(_tar_member, archive, member), mtime_ns)
        # The library takes a damaged header for the end.
        stream.seek(archive.offset)
        if stream.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError(f"bad header at byte {archive.offset:,}")


def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if member.size > MAX_PART_BYTES:
        raise _too_large()
    try:
        stream = archive.extractfile(member)
        return _read(stream) if stream else b""
    except (tarfile.TarError, KeyError) as error:
        raise _broken(error) from error
