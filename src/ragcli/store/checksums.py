"""Checksums of what is stored: SQLite has none of its own, and one flipped bit turns "24 months"
into "34 months" while its integrity check says ok."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

# Against accidents of hardware, not against an attacker: 64 bits leave one undetected change in
# 1.8e19.
CHECKSUM_BYTES = 8


def of_row(*fields: Any) -> bytes:
    """Of a row's fields, in order; None, numbers, text and bytes are told apart."""
    digest = hashlib.blake2b(digest_size=CHECKSUM_BYTES)
    for field in fields:
        if isinstance(field, str):
            data = b"s" + field.encode("utf-8", "surrogatepass")
        else:
            data = b"b" + field if isinstance(field, bytes) else repr(field).encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.digest()


def of_vector(vector: bytes) -> int:
    """Of an embedding: CRC-32, which reads 1.5 kB in a microsecond."""
    return zlib.crc32(vector)


def of_embed_text(text: str) -> bytes:
    """The key under which a text's embedding is stored: 128 bits of SHA-256, so that two texts
    share one only when they are equal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
