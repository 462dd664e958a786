"""Questions made from a document: what they ask for, and what is left of the document."""

from __future__ import annotations

from itertools import pairwise
from pathlib import PurePath

from ragcli.domain import Document
from ragcli.evaluation import selfmade
from ragcli.evaluation.selfmade import Corpus, blanked
from ragcli.reading import markdown, text

PARAGRAPH = " ".join(
    f"The {name} of the valley are kept by {n} farmers who know them well, as they say."
    for n, name in enumerate(
        ["goats", "sheep", "donkeys", "horses", "bees", "cows", "geese", "rabbits", "oxen", "hens"]
    )
)
GUIDE = (
    f"# Farm guide\n\n## Animals of the valley\n\n{PARAGRAPH}\n\n## Getting started\n\nGo there.\n"
)


def guide() -> Document:
    return markdown.read(GUIDE.encode(), PurePath("guide.md"))


def corpus(**frequencies: int) -> Corpus:
    return Corpus(lambda term: frequencies.get(term, 50), 100)


def test_a_title_asks_for_the_document_a_heading_for_its_section():
    made = {m.question: m.place for m in selfmade.titles(guide(), corpus(farm=1, valley=2))}
    assert made.keys() == {"Farm guide", "Animals of the valley"}
    assert made["Farm guide"].is_file
    place = made["Animals of the valley"]
    assert GUIDE[place.start : place.end] == PARAGRAPH
    assert place.text and PARAGRAPH.startswith(place.text)


def test_common_words_are_no_title_to_ask_for():
    assert not list(selfmade.titles(guide(), corpus(valley=3)))


def test_a_phrase_has_a_rare_word():
    document = text.read(b"The donkeys sleep.", PurePath("a.txt"))
    (made,) = selfmade.phrases(document, corpus(sleep=1))
    assert (made.question, made.place.text) == ("donkeys sleep", "donkeys sleep")
    assert not list(selfmade.phrases(document, corpus()))
    split = text.read(b"donkeys, sleep\ndonkeys", PurePath("a.txt"))
    assert not list(selfmade.phrases(split, corpus(sleep=1)))


def test_a_sentence_asks_for_what_stands_around_it():
    document = guide()
    made = list(selfmade.sentences(document, [], []))
    assert made
    for one in made:
        inside = GUIDE[one.place.start : one.place.end]
        assert one.question in inside
        assert "Getting started" not in inside and "# Animals" not in inside
    spans = sorted((m.place.start, m.place.end) for m in made)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_what_others_ask_for_is_left_alone():
    start = GUIDE.index(PARAGRAPH)
    taken = [(start, start + len(PARAGRAPH))]
    assert not list(selfmade.sentences(guide(), taken, []))
    assert not list(selfmade.sentences(guide(), [], taken))


def test_the_same_document_gives_the_same_questions():
    assert list(selfmade.sentences(guide(), [], [])) == list(selfmade.sentences(guide(), [], []))


def test_chinese_sentences_and_phrases():
    sentence = "这座城市的历史可以追溯到两千多年以前，当时它是一个重要的贸易中心"
    written = "。".join(f"{sentence}第{n}条" for n in "一二三四五六七八九")
    document = text.read(written.encode(), PurePath("zh.txt"))
    (made, *_) = selfmade.sentences(document, [], [])
    assert sentence in made.question
    phrases = selfmade.phrases(document, Corpus(lambda term: 1 if "座" in term else 50, 100))
    assert all(len(m.question) == 4 and m.question in document.text for m in phrases)


def test_blanking_moves_nothing():
    document = guide()
    start = GUIDE.index("The sheep")
    end = GUIDE.index("The donkeys")
    alone = GUIDE.index("Go there.")
    after = blanked(document, [(start, end), (alone, alone + 9)])
    assert len(after.text) == len(GUIDE)
    assert after.text[:start] == GUIDE[:start] and after.text[end:alone] == GUIDE[end:alone]
    assert not after.text[start:end].strip()
    assert after.text.count("\n") == GUIDE.count("\n")
    assert len(after.blocks) == len(document.blocks) - 1  # the one that was blanked as a whole
    for block in after.blocks:
        assert after.text[block.char_start : block.char_end].strip()
