"""Answers without a model: the right sentence, exactly, in English and Chinese."""

from __future__ import annotations

import pytest
from fakes.passages import passage
from hypothesis import given
from hypothesis import strategies as st

from ragcli.config import Settings
from ragcli.domain import Passage
from ragcli.errors import UsageError
from ragcli.generation.answers import read_answer
from ragcli.generation.citations import quote_line
from ragcli.generation.extractive import MAX_QUOTE_CHARACTERS, ExtractiveGenerator, choose
from ragcli.generation.prompt import build_prompt

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


def _stream(question: str, passages: list[Passage]) -> list[str]:
    prompt = build_prompt(question, passages, context_tokens=8192, answer_tokens=256)
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


def test_a_sentence_that_never_ends_is_quoted_in_part() -> None:
    said = answer("what about the pump", "the pump works and " * 60)
    assert said
    assert all(len(line) <= MAX_QUOTE_CHARACTERS + 8 for line in said.split("\n"))


def test_a_question_in_another_language_gets_the_beginning_of_the_best_passage() -> None:
    assert answer("保修期是多久？", OTHER) == '"The office opens at nine." [1]'


def test_there_are_no_models_to_choose() -> None:
    with pytest.raises(UsageError):
        ExtractiveGenerator("large", settings=Settings())


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=4), st.text(max_size=40))
def test_whatever_the_text_every_quote_is_exact(texts: list[str], question: str) -> None:
    passages = [passage(text) for text in texts]

    chosen = choose(question, passages)
    said = "\n".join(quote_line(s.text, s.number) for s in chosen)
    resolved = read_answer(said, passages, verbatim=True)
    assert resolved.uncited == ()
    assert len(resolved.citations) == len(chosen)
    assert all(c.verdict == "supported" for c in resolved.citations)
