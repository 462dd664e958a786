"""Answers without a model: the right sentence, exactly, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from fakes.passages import passage
from hypothesis import given
from hypothesis import strategies as st

from ragcli.config import Settings
from ragcli.domain import Passage
from ragcli.errors import UsageError
from ragcli.generation.answers import read_answer
from ragcli.generation.extractive import ExtractiveGenerator, choose
from ragcli.generation.prompt import build_prompt
from ragcli.generation.quotable import MAX_QUOTE_CHARACTERS

GUIDE = """\
## Warranty period

The X200 is a small pump. The warranty runs for 24 months from the day of purchase. It covers
parts and labour. Batteries are covered for 6 months only.

```python
warranty = months(24)
```

| part | warranty |
|---|---|
| pump | 24 months |
"""
ZH = "本产品是一台小型水泵。保修期为购买之日起24个月。保修包括零件和人工。电池只保修6个月。"
OTHER = "The office opens at nine. Lunch is at noon. Parking is free for visitors."


def answer(question: str, *texts: str) -> str:
    passages = [passage(text, rank=n) for n, text in enumerate(texts, 1)]
    return "".join(_stream(question, passages))


def _stream(question: str, passages: list[Passage], **what: Any) -> list[str]:
    prompt = build_prompt(question, passages, context_tokens=8192, answer_tokens=256)
    prompt = replace(prompt, **what)
    warnings: list[str] = []
    pieces = list(ExtractiveGenerator(settings=Settings()).stream(prompt, warnings.append))
    resolved = read_answer("".join(pieces), prompt.passages, verbatim=True)
    assert (resolved.uncited, resolved.removed, warnings) == ((), (), [])
    assert {c.verdict for c in resolved.citations} == {"supported"}
    return pieces


def test_the_sentence_that_answers_is_quoted_from_its_passage() -> None:
    said = answer("How long does the warranty run?", OTHER, GUIDE)
    assert '"The warranty runs for 24 months from the day of purchase." [2]' in said.split("\n")
    assert "##" not in said
    assert "|" not in said
    assert "months(24)" not in said


def test_chinese() -> None:
    said = answer("保修期是多久？", "办公室九点开门。午餐在中午。", ZH)
    assert '"保修期为购买之日起24个月。" [2]' in said.split("\n")


def test_reading_order_and_no_more_than_three() -> None:
    text = " ".join(f"The pump has part {n}." for n in range(9))
    lines = answer("Which part has the pump?", text, text.replace("pump", "red pump")).split("\n")
    assert len(lines) <= 3
    assert lines == sorted(lines, key=lambda line: line[-2])


def test_a_heading_of_a_pdf_is_no_part_of_the_quote() -> None:
    text = "Ranked together\nTwo rankings are merged by adding\ntheir scores. It is simple."
    found = passage(text, headings=("Fusion", "Ranked together"))
    pieces = _stream("how are two rankings merged?", [found])
    assert pieces == ['"Two rankings are merged by adding their scores." [1]']


def test_code_and_tables_serve_when_there_is_nothing_else() -> None:
    assert "24 months" in answer(
        "warranty of the pump", "| part | warranty |\n| pump | 24 months |"
    )


def test_what_stands_below_a_heading_is_quoted_and_not_the_heading() -> None:
    found = passage("HNSW\nA layered graph is walked downhill.", headings=("Indexes", "HNSW"))
    assert _stream("What is HNSW?", [found]) == ['"A layered graph is walked downhill." [1]']
    alone = passage("HNSW", headings=("Indexes", "HNSW"))
    assert _stream("What is HNSW?", [alone]) == ['"HNSW" [1]']


def test_a_row_serves_where_only_it_has_a_word_of_the_question() -> None:
    table = "| piece | what it does |\n|---|---|\n| overlap | repeats the end of a chunk |"
    text = f"## Overlap\n\nA chunk is a piece of a document.\n\n{table}\n"
    row = '"| overlap | repeats the end of a chunk |" [1]'
    assert row in answer("What is the overlap of a chunk?", text).split("\n")
    prose = "The overlap of a chunk is what it repeats.\n\n"
    assert "|" not in answer("What is the overlap of a chunk?", prose + text)


def test_a_further_sentence_that_adds_nothing_must_be_nearly_as_good() -> None:
    adds = "The pump has a red lamp. A lamp glows. Every battery of it is covered."
    said = answer("Does the pump have a red lamp and a battery?", adds)
    assert "battery" in said and "A lamp glows." not in said


def test_what_the_heading_over_a_quote_says_is_said() -> None:
    question = "Which three scholars proposed rank fusion of two lists?"
    text = "Three scholars, Cormack among them, proposed it.\n\n## Limits\n\nFusion takes time."
    assert "Fusion takes time." in answer(question, text)
    assert "Fusion takes time." not in answer(question, f"## Rank fusion\n\n{text}")


def test_a_number_that_was_told_needs_no_sentence_without_one() -> None:
    text = "The red pump runs for 24 hours. The red pump runs well."
    assert answer("How long does the red pump run?", text) == (
        '"The red pump runs for 24 hours." [1]'
    )
    assert "runs well" in answer("What does the red pump do?", text)


def test_what_asks_in_chinese_is_no_word_of_the_question() -> None:
    text = "科马克于2009年提出了融合。每次只改一处，否则不知道是哪一处起了作用。"
    assert answer("融合是哪一年提出的？", text) == '"科马克于2009年提出了融合。" [1]'


def test_a_row_of_a_page_is_a_table_too() -> None:
    text = "measure | asks | ignores\nMRR | how soon? | the pump\nThe pump is ranked by MRR."
    assert answer("how is the pump ranked?", text) == '"The pump is ranked by MRR." [1]'


def test_a_sentence_that_never_ends_is_quoted_in_part() -> None:
    said = answer("what about the pump", "the pump works and " * 60)
    assert said
    assert all(len(line) <= MAX_QUOTE_CHARACTERS + 8 for line in said.split("\n"))


def test_a_question_in_another_language_gets_the_beginning_of_the_best_passage() -> None:
    assert answer("保修期是多久？", OTHER) == '"The office opens at nine." [1]'


STEPS = """\
## Steps

Only the manager may do this. To publish a version, follow these steps:

1. Update the changelog.
2. Raise the number,
   in two files.

3. Tag the commit.

If it fails, begin again.
"""


def test_a_list_is_quoted_with_the_sentence_that_announces_it() -> None:
    said = answer("What are the steps to publish a version?", STEPS)
    assert said == (
        '"To publish a version, follow these steps: 1. Update the changelog. 2. Raise the number,'
        ' in two files. 3. Tag the commit." [1]'
    )
    assert answer("发布需要哪些步骤？", "发布需要以下步骤：\n\n1、打标签；\n2、上传。\n") == (
        '"发布需要以下步骤： 1、打标签； 2、上传。" [1]'
    )


def test_an_item_that_was_better_is_not_quoted_twice() -> None:
    said = answer("Which of the steps to publish a version raise the number in two files?", STEPS)
    assert said.count("Raise the number") == 1 and "1. Update the changelog." in said


def test_a_long_list_is_quoted_in_whole_items_as_far_as_there_is_room() -> None:
    items = [f"{n}. The part numbered {n} is checked by two people of the team." for n in range(40)]
    lines = answer("Which parts are checked?", "These parts are checked:\n" + "\n".join(items))
    assert len(lines.split("\n")) == 3
    assert lines.startswith('"These parts are checked: 0. The part numbered 0 is')
    for line in lines.split("\n"):
        assert line.endswith('two people of the team." [1]')
        assert len(line) <= MAX_QUOTE_CHARACTERS + len('"" [1]')


@pytest.mark.parametrize("after", ["", "\n\nNothing of a list.", "\n\n## Next\n\n- one"])
def test_a_sentence_that_announces_nothing_stands_alone(after: str) -> None:
    lines = answer("How is the pump installed?", f"The pump is installed so:{after}").split("\n")
    assert lines[0] == '"The pump is installed so:" [1]'


def test_code_is_quoted_with_the_sentence_that_announces_it() -> None:
    code = "```console\npip install\n  tool\n```"
    text = f"The tool is installed by this line:\n\n{code}\n\nIt is small."
    assert answer("How is the tool installed?", text).split("\n")[:2] == [
        '"The tool is installed by this line:" [1]',
        '"pip install tool" [1]',
    ]


def test_code_that_says_what_announces_it_is_not_quoted_again() -> None:
    assert answer("what is 00?", "00:\n```\n00:\n```") == '"00:" [1]'


def test_a_list_that_stands_twice_is_quoted_once() -> None:
    steps = "Follow these steps of the pump:\n\n- open it\n- close it"
    said = answer("what are the steps of the pump?", steps, f"{steps}\n\nOther words.")
    assert said.count("open it") == 1


def test_what_only_announces_is_not_quoted_alone_for_want_of_room() -> None:
    code = "A switch starts the pump so:\n\n```\npump start\n```\n"
    text = "The red pump has a switch. Start the red pump by its switch. It is old.\n\n"
    said = answer("How does a switch start the red pump?", text + code)
    assert len(said.split("\n")) == 2 and "so:" not in said
    assert '"pump start"' in answer("How does a switch start the pump?", code)


def test_there_are_no_models_to_choose() -> None:
    with pytest.raises(UsageError):
        ExtractiveGenerator("large", settings=Settings())


LINES = st.sampled_from(["so:", "so：", "- a", "1. b", "2、c", "  d", "", "```", "# e", "f."])
TEXTS = st.one_of(st.text(min_size=1, max_size=300), st.lists(LINES, min_size=1).map("\n".join))


@given(st.lists(TEXTS, min_size=1, max_size=4), st.text(max_size=40) | LINES)
def test_whatever_the_text_every_quote_is_exact(texts: list[str], question: str) -> None:
    passages = [passage(text) for text in texts]
    prompt = build_prompt(question, passages, context_tokens=1 << 16, answer_tokens=256)

    said = "".join(ExtractiveGenerator(settings=Settings()).stream(prompt, print))
    resolved = read_answer(said, prompt.passages, verbatim=True)
    assert resolved.uncited == ()
    assert len(resolved.citations) == len(choose(prompt))
    assert all(c.verdict == "supported" for c in resolved.citations)


def test_a_part_of_a_long_sentence_is_as_good_as_a_sentence() -> None:
    long = "In 1955, Eero Saarinen was contracted to develop a second master plan; " + ", ".join(
        f"the wing numbered {n} of the building that stands on the north side" for n in range(9)
    )
    said = answer("Who made the second master plan?", f"The first plan was of 1890. {long}.")
    assert "Eero Saarinen" in said


def test_what_the_corpus_rarely_says_weighs_more() -> None:
    texts = ["The manual of the office describes the office.", "Its pump hums."]
    found = [passage(text, rank=n) for n, text in enumerate(texts, 1)]
    asked = "office manual pump"
    assert _stream(asked, found)[0].startswith('"The manual')
    weights = {"offic": 0.1, "manual": 0.1, "pump": 5.0}
    assert _stream(asked, found, weights=weights) == ['"Its pump hums." [2]']


def near_rest(question: str, texts: Sequence[str]) -> list[float]:
    return [float("warranty" in text) for text in texts]


def test_meaning_finds_what_shares_no_word() -> None:
    found = [passage(OTHER, rank=1), passage(GUIDE, rank=2)]
    (first, *_) = _stream("Garantie?", found, likeness=near_rest)
    assert first == '"The warranty runs for 24 months from the day of purchase." [2]'


@pytest.mark.parametrize(
    ("parts", "texts", "both"),
    [
        (
            ("How long does the warranty run?", "When is lunch?"),
            (GUIDE, OTHER),
            ("24 months", "noon"),
        ),
        (
            ("保修期是多久", "午餐在什么时候？"),
            (ZH, "办公室九点开门。午餐在中午。"),
            ("24个月", "中午"),
        ),
    ],
)
def test_each_part_of_a_question_has_its_sentence(
    parts: tuple[str, ...], texts: tuple[str, ...], both: tuple[str, str]
) -> None:
    found = [passage(text, rank=n) for n, text in enumerate(texts, 1)]
    said = "".join(_stream(" ".join(parts), found, parts=parts))
    assert all(words in said for words in both)


def test_a_question_of_two_parts_has_two_sentences_for_each() -> None:
    texts = [f"The {it} is red. The {it} is blue. The {it} is old." for it in ("pump", "lamp")]
    found = [passage(text, rank=n) for n, text in enumerate(texts, 1)]
    parts = ("What is the pump?", "What is the lamp?")
    assert len(_stream(" ".join(parts), found, parts=parts)) == 4
    assert len(_stream("What is the pump, the lamp?", found)) == 3


def editions(*texts: tuple[str, str], origin: str = "document") -> list[Passage]:
    return [
        passage(text, rank=n, source=f"{n}.md", date=date, date_origin=origin)
        for n, (date, text) in enumerate(texts, 1)
    ]


OLD = "The pump has a warranty of 12 months from the day of purchase."


@pytest.mark.parametrize(
    ("question", "old", "new"),
    [
        ("How long is the warranty of the pump?", OLD, OLD.replace("12", "24")),
        ("水泵的保修期是多久？", "水泵的保修期为12个月。", "水泵的保修期为24个月。"),
        ("水泵的保修期是多久？", "水泵的保修期为十二个月。", "水泵的保修期为二十四个月。"),
        (
            "Are the batteries of the pump covered?",
            "The batteries of the pump are not covered by it.",
            "The batteries of the pump are covered by it.",
        ),
        ("电池保修吗？", "水泵的电池不在保修范围内。", "水泵的电池在保修范围内。"),
        (
            "How long is the warranty of the pump?",
            "We give every pump a warranty of 12 months.",
            "From now on the warranty that comes with a pump runs for 24 months.",
        ),
        (
            "水泵的保修期是多久？",
            "水泵的保修期为12个月。",
            "自今年起，所有水泵的保修期延长至24个月。",
        ),
    ],
)
def test_documents_that_disagree_are_both_shown_with_their_dates(
    question: str, old: str, new: str
) -> None:
    found = editions(("2019-03-01", old), ("2024-05-02T08:00:00+00:00", new))
    assert "".join(_stream(question, found)).split("\n") == [
        f'"{new}" [2] (2024-05-02)',
        f'"{old}" [1] (2019-03-01)',
    ]


def test_the_date_of_a_file_is_said_to_be_the_file_s() -> None:
    found = editions(("2019-03-01", OLD), ("2024-05-02", OLD.replace("12", "24")), origin="file")
    said = "".join(_stream("How long is the warranty of the pump?", found))
    assert said.endswith("[1] (file of 2019-03-01)")


@pytest.mark.parametrize(
    ("date", "other"),
    [
        ("2024-05-02", OLD.replace("12 months", "24 months")),  # of the same day
        ("2019-03-01", OLD.replace("pump", "Lisbon office")),  # of something else
        ("2019-03-01", "For 12 months from the day of purchase, the pump has a warranty."),
        ("2019-03-01", "Batteries are covered for 6 months only."),
    ],
)
def test_what_does_not_contradict_has_no_date(date: str, other: str) -> None:
    found = editions(("2024-05-02", OLD), (date, other))
    said = "".join(_stream("How long is the warranty of the pump?", found))
    assert OLD in said
    assert "(2" not in said


def test_a_date_that_is_not_the_passage_s_is_no_citation() -> None:
    found = editions(("2024-05-02", OLD))
    told = read_answer(f'"{OLD}" [1] (2023-05-02)', found, verbatim=True)
    assert told.citations == ()
    assert len(told.uncited) == 1
