"""PDFs that harm, written by hand where no library would."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from functools import cache

from fpdf import FPDF
from fpdf.enums import AccessPermission, EncryptionMethod
from PIL import Image

TEXT = "The astronomer measured the orbit of a comet with a brass quadrant."
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def stream(data: bytes, entries: bytes = b"", length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, size, data)


def show(text: str = TEXT) -> bytes:
    return b"BT /F1 12 Tf 72 700 Td (%s) Tj ET" % text.encode("latin-1")


def assemble(objects: dict[int, bytes], trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A file of these objects with a right table."""
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 %s \n" % (places.get(number, 0), b"n" if number in places else b"f")
    out += b"trailer<</Size %d%s>>\nstartxref\n%d\n%%%%EOF" % (size, trailer, start)
    return bytes(out)


def page(**changes: bytes) -> dict[int, bytes]:
    """The objects of a file of one page; ``changes`` replace ``o1`` ... ``o5``, or add to them."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        4: stream(show()),
        5: FONT,
    }
    return objects | {int(name[1:]): body for name, body in changes.items()}


def written(pages: int = 3, **encryption: object) -> bytes:
    """What a library writes: a page of text each."""
    pdf = FPDF()
    if encryption:
        pdf.set_encryption(**encryption)  # type: ignore[arg-type]
    pdf.set_font("helvetica", size=12)
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.multi_cell(0, text=f"Page {number}. {TEXT}")
    return bytes(pdf.output())


def scanned() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.image(Image.new("L", (60, 60), 120), w=80)
    return bytes(pdf.output())


def cut(share: float) -> Callable[[], bytes]:
    def make() -> bytes:
        data = written(30)
        return data[: int(len(data) * share)]

    return make


@cache
def bomb(size: int, rounds: int = 1) -> bytes:
    """So many zeros, deflated so often, made without ever holding them."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()
    for _ in range(rounds - 1):
        data = zlib.compress(data, 9)
    return data


def _bomb_page() -> bytes:
    return assemble(page(o4=stream(bomb(1 << 30), b"/Filter/FlateDecode")))


def _nested_bomb() -> bytes:
    filters = b"/Filter[/FlateDecode/FlateDecode]"
    return assemble(page(o4=stream(bomb(1 << 30, rounds=2), filters)))


def _bomb_beside_text() -> bytes:
    second = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 7 0 R>>"
    return assemble(
        page(
            o2=b"<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2>>",
            o6=second,
            o7=stream(bomb(1 << 30), b"/Filter/FlateDecode"),
        )
    )


def _outline_loop() -> bytes:
    return assemble(
        page(
            o1=b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>",
            o6=b"<</Type/Outlines/First 7 0 R/Last 7 0 R/Count 1>>",
            o7=b"<</Title(again)/Parent 6 0 R/Next 7 0 R/First 7 0 R/Dest[3 0 R/Fit]>>",
        )
    )


def _xref_loop() -> bytes:
    data = assemble(page())
    start = data.rindex(b"startxref\n") + 10
    place = int(data[start:].split()[0])
    return data.replace(b"trailer<<", b"trailer<</Prev %d" % place)


def _noise() -> bytes:
    return b"%PDF-1.5\n" + random.Random(5).randbytes(200_000)


def _flipped() -> bytes:
    data = bytearray(written(30))
    chance = random.Random(7)
    for _ in range(400):
        data[chance.randrange(20, len(data))] = chance.randrange(256)
    return bytes(data)


FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut-10.pdf": (cut(0.1), "failed|partly"),
    "cut-50.pdf": (cut(0.5), "failed|partly|stored"),
    "cut-90.pdf": (cut(0.9), "failed|partly|stored"),
    "flipped.pdf": (_flipped, "failed|partly|stored"),
    "header-only.pdf": (lambda: b"%PDF-1.7\n", "failed"),
    "noise.pdf": (_noise, "failed"),
    "page-tree-loop.pdf": (
        lambda: assemble(page(o2=b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>")),
        "failed|partly|stored",
    ),
    "parent-loop.pdf": (
        lambda: assemble(page(o2=b"<</Type/Pages/Parent 2 0 R/Kids[3 0 R]/Count 1>>")),
        "stored|partly",
    ),
    "outline-loop.pdf": (_outline_loop, "stored"),
    "xref-loop.pdf": (_xref_loop, "stored"),
    "length-too-large.pdf": (
        lambda: assemble(page(o4=stream(show(), length=1 << 40))),
        "failed|partly|stored",
    ),
    "length-too-small.pdf": (lambda: assemble(page(o4=stream(show(), length=3))), "stored|partly"),
    "length-negative.pdf": (lambda: assemble(page(o4=stream(show(), length=-5))), "stored|partly"),
    "length-itself.pdf": (
        lambda: assemble(page(o4=b"<</Length 4 0 R>>stream\n" + show() + b"\nendstream")),
        "failed|partly|stored",
    ),
    "count-lies.pdf": (
        lambda: assemble(page(o2=b"<</Type/Pages/Kids[3 0 R]/Count 2147483647>>")),
        "stored|partly",
    ),
    "bomb.pdf": (_bomb_page, "failed|too_large|no_text"),
    "bomb-in-bomb.pdf": (_nested_bomb, "failed|too_large|no_text"),
    "bomb-beside-text.pdf": (_bomb_beside_text, "partly|too_large"),
    "nested-arrays.pdf": (
        lambda: assemble(page(o6=b"[" * 100_000 + b"]" * 100_000)),
        "stored",
    ),
    "nested-in-page.pdf": (
        lambda: assemble(page(o4=stream(b"[" * 100_000 + b" " + show()))),
        "failed|partly|stored",
    ),
    "many-saves.pdf": (lambda: assemble(page(o4=stream(b"q " * 300_000 + show()))), "stored"),
    "huge-page.pdf": (
        lambda: assemble(
            page(
                o3=b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 1e9 1e9]/Contents 4 0 R"
                b"/Resources<</Font<</F1 5 0 R>>>>>>"
            )
        ),
        "stored|no_text",
    ),
    "form-loop.pdf": (
        lambda: assemble(
            page(
                o3=b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
                b"/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>>>",
                o4=stream(show() + b" /X Do"),
                o6=stream(
                    b"/X Do",
                    b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>",
                ),
            )
        ),
        "stored|partly",
    ),
    "blank.pdf": (lambda: assemble(page(o4=stream(b""))), "no_text"),
    "scanned.pdf": (scanned, "no_text"),
    "3000-pages.pdf": (lambda: written(3000), "stored"),
    "html-inside.pdf": (lambda: b"<!doctype html><p>" + TEXT.encode() * 9, "failed|partly|stored"),
    "locked-rc4.pdf": (
        lambda: written(
            owner_password="o", user_password="secret", encryption_method=EncryptionMethod.RC4
        ),
        "encrypted",
    ),
    "locked-aes.pdf": (
        lambda: written(
            owner_password="o", user_password="secret", encryption_method=EncryptionMethod.AES_256
        ),
        "encrypted",
    ),
    "open-aes.pdf": (
        lambda: written(
            owner_password="o",
            encryption_method=EncryptionMethod.AES_128,
            permissions=AccessPermission.none(),
        ),
        "stored",
    ),
}
