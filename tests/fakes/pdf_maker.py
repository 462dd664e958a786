"""PDFs written object by object: text exactly where a test wants it, and files that lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 595, 842

# F1 and F2 are Helvetica, F3 Chinese by a predefined CMap, F4 says nothing of what its glyphs mean.
FONTS = {
    "F1": b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    "F2": b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>",
    "F3": b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UTF16-H"
    b"/DescendantFonts[<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light"
    b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/DW 1000"
    b"/FontDescriptor<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/FontBBox[0 -200 1000 900]"
    b"/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 93>>>>]>>",
    "F4": b"<</Type/Font/Subtype/Type0/BaseFont/Unknown/Encoding/Identity-H"
    b"/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/Unknown"
    b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 600"
    b"/FontDescriptor<</Type/FontDescriptor/FontName/Unknown/Flags 4/FontBBox[0 -200 1000 900]"
    b"/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 93>>>>]>>",
}


def shown(x: float, y: float, text: str, size: float = 10, *, bold: bool = False) -> bytes:
    """Operators that show a line, ``y`` points below the top of the page."""
    return turned(x, y, text, (1, 0, 0, 1), size, bold=bold)


def turned(
    x: float,
    y: float,
    text: str,
    matrix: Sequence[float],
    size: float = 10,
    *,
    bold: bool = False,
) -> bytes:
    """The same in another direction."""
    if text.isascii():
        font = "F2" if bold else "F1"
        string = "(" + text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"
    else:
        font, string = "F3", f"<{text.encode('utf-16-be').hex()}>"
    a, b, c, d = matrix
    return (f"BT /{font} {size} Tf {a} {b} {c} {d} {x} {HEIGHT - y} Tm {string} Tj ET\n").encode()


def numbered_glyphs(x: float, y: float, text: str) -> bytes:
    """A line in the font that says nothing: each glyph 29 below its letter, as TrueType often."""
    codes = "".join(f"{ord(letter) - 29:04x}" for letter in text)
    return f"BT /F4 10 Tf 1 0 0 1 {x} {HEIGHT - y} Tm <{codes}> Tj ET\n".encode()


def lines(x: float, y: float, texts: Sequence[str], size: float = 10, step: float = 12) -> bytes:
    """Lines below each other."""
    return b"".join(shown(x, y + step * i, text, size) for i, text in enumerate(texts))


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(content), content)


def file_of(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """A file of numbered objects, of which 1 is the catalog, with a right table of places."""
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    size = max(objects) + 1
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += b"trailer\n<</Root 1 0 R/Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(out)


def objects_of(
    *contents: bytes, catalog: bytes = b"", page: bytes = b"", page_of: Mapping[int, bytes] = {}
) -> dict[int, bytes]:
    """The objects of a file with one page for each content: page ``i`` (from 0) is object
    ``10 + 2 i``, its content the next. ``catalog`` and ``page`` are further entries."""
    fonts = b"".join(b"/%s %s" % (name.encode(), body) for name, body in FONTS.items())
    kids = b" ".join(b"%d 0 R" % (10 + 2 * i) for i in range(len(contents)))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        2: b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(contents), kids),
        3: b"<</Font<<%s>>>>" % fonts,
    }
    for i, content in enumerate(contents):
        objects[10 + 2 * i] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Resources 3 0 R/Contents %d 0 R%s%s>>"
            % (WIDTH, HEIGHT, 11 + 2 * i, page, page_of.get(i, b""))
        )
        objects[11 + 2 * i] = stream(content)
    return objects


def pdf_of(*contents: bytes, **entries: bytes) -> bytes:
    """A file with one page for each content."""
    return file_of(objects_of(*contents, **entries))
