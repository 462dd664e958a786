"""PDFs that lie, that are cut, that go in circles: each ends in a document or in a reason."""

import zlib
from pathlib import PurePath

import pytest
from fakes.pdf_maker import FONTS, file_of, objects_of, pdf_of, shown, stream

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import pdfrepair
from ragcli.reading.dispatch import read_document

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
PAGES = [shown(50, 200, f"This is page {word} of the whole.") for word in WORDS]
WHOLE = pdf_of(*PAGES)
NAME = PurePath("a.pdf")


def read(data: bytes) -> Document:
    return read_document(NAME, data)


def found_pages(document: Document) -> list[str]:
    return [word for word in WORDS if f"This is page {word} of the whole." in document.text]


def with_objects(**changed: bytes) -> bytes:
    """The ten pages' file with other objects: ``o2`` is object 2."""
    objects = objects_of(*PAGES)
    objects.update({int(name[1:]): body for name, body in changed.items()})
    return file_of(objects)


@pytest.mark.parametrize(("percent", "pages"), [(50, 4), (90, 10)])
def test_of_a_file_that_is_cut_the_pages_that_are_left_are_read(percent: int, pages: int):
    document = read(WHOLE[: len(WHOLE) * percent // 100])
    assert found_pages(document) == list(WORDS[:pages])
    assert document.problems[0].code == "broken"
    assert "cut short" in document.problems[0].message


@pytest.mark.parametrize(
    ("last", "pages"),
    [
        (b"20 0 obj\n<</Type/Page/Parent", 5),  # the dictionary of page six
        (b"21 0 obj\n<</Len", 5),  # of its content
        (b"six of the", 5),
        (b"six of the whole.) Tj", 6),
        (b"xref\n0 1\n00000", 10),
        (b"trailer\n<</Root", 10),
    ],
)
def test_wherever_a_file_is_cut_what_stands_before_is_read(last: bytes, pages: int):
    document = read(WHOLE[: WHOLE.index(last) + len(last)])
    assert found_pages(document) == list(WORDS[:pages])
    assert "cut short" in document.problems[0].message


def test_of_a_file_whose_pages_lie_in_compressed_streams_what_is_left_is_read():
    objects = objects_of(*PAGES)
    packed = {n: objects.pop(n) for n in (3, *range(10, 30, 2))}
    head, body = b"", b""
    for number, content in packed.items():
        head += b"%d %d " % (number, len(body))
        body += content + b" "
    inside = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(packed), len(head))
    objects[40] = stream(zlib.compress(head + body), inside)
    # Neither a catalog nor a list of pages: the end of the file, where they would have stood.
    data = file_of(objects)
    document = read(data[data.index(b"11 0 obj") : data.index(b"xref")])
    assert found_pages(document) == list(WORDS)


@pytest.mark.parametrize("data", [WHOLE[: len(WHOLE) // 10], b"%PDF-1.7\n", b"%PDF-1.7\n" * 99])
def test_what_has_no_page_is_broken(data: bytes):
    with pytest.raises(Unreadable) as found:
        read(data)
    assert found.value.code == "broken"
    assert found.value.hint


def test_garble_is_not_taken_for_what_is_left_of_a_file():
    cut = with_objects(o11=stream(b"BT /F1 9 Tf 50 50 Td (7KLV LV ZKDW LV OHIW) Tj ET"))
    cut = b"%PDF-1.7\n" + cut[cut.index(b"3 0 obj") : cut.index(b"12 0 obj")]
    with pytest.raises(Unreadable) as found:
        read(cut)
    assert found.value.code == "broken"


@pytest.mark.parametrize(
    ("objects", "pages"),
    [
        ({"o2": b"<</Type/Pages/Count 10/Kids[2 0 R 10 0 R 12 0 R]>>"}, 10),
        ({"o10": b"<</Type/Pages/Count 3/Kids[2 0 R 12 0 R]/Parent 10 0 R>>"}, 9),
        ({"o2": b"<</Type/Pages/Count 2000000000/Kids[10 0 R 12 0 R 14 0 R]>>"}, 3),
        ({"o2": b"<</Type/Pages/Count -7/Kids[10 0 R 12 0 R 14 0 R]>>"}, 3),
    ],
    ids=["tree", "parents", "count", "negative"],
)
def test_lists_of_pages_that_lie(objects: dict[str, bytes], pages: int):
    assert len(found_pages(read(with_objects(**objects)))) == pages


def test_lengths_that_lie():
    for true, false in ((b"/Length ", b"/Length 9999999"), (b"/Length ", b"/Length -")):
        changed = objects_of(*PAGES)[11].replace(true, false)
        assert len(found_pages(read(with_objects(o11=changed)))) == 10
    noise = WHOLE.replace(b"0000000", b"0000009")  # the places of all objects
    assert len(found_pages(read(noise))) == 10


def deflated(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(mebibytes)) + packer.flush()


@pytest.mark.parametrize("times", [1, 2])
def test_a_stream_that_inflates_beyond_all_measure_is_refused(
    times: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pdfrepair, "MAX_STREAM_BYTES", 2**20)
    content = deflated(2)
    for _ in range(times - 1):
        content = zlib.compress(content)
    filters = b"/Filter[%s]" % (b"/FlateDecode" * times)
    bomb = with_objects(o11=stream(content, filters))
    for data in (bomb, bomb + b"%/Encrypt"):
        with pytest.raises(Unreadable, match="more than 1 MiB") as found:
            read(data)
        assert found.value.code == "too_large"
    picture = b"/Subtype/Image/Width 999/Height 999/BitsPerComponent 8/ColorSpace/DeviceGray"
    objects = objects_of(*PAGES)
    objects[50] = stream(deflated(2), filters[:-1] + b"]" + picture)
    assert len(found_pages(read(file_of(objects)))) == 10


def test_forms_that_place_themselves():
    resources = b"<</XObject<</A 50 0 R>>/Font<</F1 %s>>>>" % FONTS["F1"]
    placed = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources " + resources
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources %s/Contents 11 0 R>>"
    document = read(
        with_objects(o10=page % resources, o11=stream(b"/A Do"), o50=stream(b"/A Do", placed))
    )
    assert found_pages(document) == list(WORDS[1:])


def test_nesting():
    assert len(found_pages(read(with_objects(o4=b"[" * 100_000)))) == 10
    assert len(found_pages(read(with_objects(o11=stream(b"[" * 100_000))))) == 9
    assert len(found_pages(read(with_objects(o11=stream(b"q " * 100_000))))) == 9


@pytest.mark.parametrize("junk", [b"HTTP/1.1 200 OK\r\n\r\n", b"junk\n" * 2000])
def test_what_stands_before_or_after_the_file(junk: bytes):
    assert len(found_pages(read(junk + WHOLE))) == 10
    assert len(found_pages(read(WHOLE + junk))) == 10
    assert len(found_pages(read(WHOLE[9:]))) == 10


def test_other_files_by_the_name_of_a_pdf():
    page = read(b"<!doctype html><html><body><p>Your session has ended.</p></body></html>")
    assert (page.format, page.text) == ("html", "Your session has ended.")
    for data in (b"\0" * 5000, b"only words", b"PK\x03\x04" + b"\0" * 50):
        with pytest.raises(Unreadable, match="not a PDF") as found:
            read(data)
        assert found.value.code == "broken"


def test_nothing_is_stored_without_text():
    for data, code in (
        (
            file_of({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Count 0/Kids[]>>"}),
            "broken",
        ),
        (pdf_of(b"", b""), "no_text"),
        (pdf_of(b"q 9 0 0 9 50 500 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI Q"), "no_text_layer"),
        (pdf_of(b"0 0 m 9 9 l S\n" * 300), "no_text_layer"),
    ):
        with pytest.raises(Unreadable) as found:
            read(data)
        assert found.value.code == code
