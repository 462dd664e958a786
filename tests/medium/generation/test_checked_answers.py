"""Answers by the hundred: true ones are supported, altered ones never are.

Made from the sentences of sample_docs/ and docs/. A quote is written in other typography, moved to
another passage, or changed in a word, a number, a name or a not; under a true quote the claim is.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes.passages import passage

from ragcli.domain import Passage
from ragcli.generation.answers import read_answer
from ragcli.text.sentences import sentence_spans

ROOT = Path(__file__).parents[3]
NAMES = ("Ferdinand", "Lisbon", "Marguerite", "Wellington")
LEAST_SUPPORTED = 0.98

Alter = Callable[[str], str | None]


def paragraphs(chinese: bool) -> list[str]:
    """Prose of three sentences at least."""
    pages = sorted([*ROOT.glob("sample_docs/**/*.md"), *ROOT.glob("docs/*.md")])
    texts = [p.read_text("utf-8") for p in pages]
    found = [p for text in texts for p in re.split(r"\n\s*\n", text)]
    found = [
        p for p in found if not re.search(r"^\s*[#|`>*-]|```|\[\d+\]|\]\(|\"", p, re.MULTILINE)
    ]
    own = [p for p in found if (len(re.findall("[\u4e00-\u9fff]", p)) > len(p) / 2) == chinese]
    return [p for p in own if len(sentence_spans(p)) >= 2]


def sentences() -> Iterator[tuple[str, list[Passage]]]:
    """A sentence with the passage that holds it, and another one."""
    for chinese in (False, True):
        texts = paragraphs(chinese)
        for text, other in zip(texts, [*texts[3:], *texts[:3]], strict=True):
            for start, end in sentence_spans(text):
                if 15 < end - start < 300 and ":" not in text[start:end]:
                    yield text[start:end], [passage(text), passage(other, chunk_id="c2")]


ALL = list(sentences())


def verdict(claim: str, quote: str, passages: list[Passage], number: int = 1) -> str:
    said = " ".join(claim.split()).rstrip(".。！？!?")
    answer = f'{said} [{number}: "{" ".join(quote.split())}"].'
    *_, last = read_answer(answer, passages, verbatim=False).citations
    return last.verdict


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 200
    assert sum(not s.isascii() for s, _ in ALL) >= 30


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def hyphenated(text: str) -> str:
    return re.sub(r"\b([a-z]{4})([a-z]{4,})\b", "\\1-\\2", text, count=2)


@pytest.mark.parametrize(
    "retyped",
    [str, str.upper, wide, hyphenated, lambda s: s.replace(" ", "  "), lambda s: f"“{s}”"],
)
def test_true_quotes_are_supported_in_any_typography(retyped: Callable[[str], str]) -> None:
    right = [verdict(s, retyped(s), p) == "supported" for s, p in ALL]
    assert sum(right) >= LEAST_SUPPORTED * len(right), f"{sum(right)} of {len(right)}"


def test_a_quote_from_another_passage_is_repointed() -> None:
    moved = [verdict(s, s, p, number=2) for s, p in ALL]
    assert moved.count("misattributed") >= LEAST_SUPPORTED * len(moved)
    assert "supported" not in moved


def other_number(text: str) -> str | None:
    found = re.search(r"(?<![\w.,-])\d+(?![\w.,-]*\d)", text)
    return found and text[: found.start()] + str(int(found[0]) + 3) + text[found.end() :]


def other_name(text: str) -> str | None:
    found = [m for m in re.finditer(r"\b[A-Z][A-Za-z]{2,}\b", text) if m.start() > 0]
    if not found:
        return None
    chosen = random.Random(text).choice(found)
    return text[: chosen.start()] + random.Random(text).choice(NAMES) + text[chosen.end() :]


def denied(text: str) -> str | None:
    if re.search(r"\bnot\b|不", text):
        return re.sub(r"\bnot |不", "", text, count=1)
    found = re.search(r"\b(?:is|are|was|were|can|will|has|have)\b|是|能|会", text)
    if found is None:
        return None
    start, end = found.span()
    return (
        f"{text[:end]} not{text[end:]}" if found[0].isascii() else f"{text[:start]}不{text[start:]}"
    )


ALTERED = pytest.mark.parametrize("alter", [other_number, other_name, denied])


@ALTERED
def test_no_altered_quote_passes(alter: Alter) -> None:
    changed = [(a, verdict(s, a, p)) for s, p in ALL if (a := alter(s)) and a != s]
    assert len(changed) >= 20
    assert [a for a, told in changed if told == "supported"] == []


@ALTERED
def test_no_altered_claim_passes_under_a_true_quote(alter: Alter) -> None:
    changed = [(a, verdict(a, s, p)) for s, p in ALL if (a := alter(s)) and a != s]
    assert [a for a, told in changed if told in ("supported", "misattributed")] == []


def test_one_word_changed_is_not_found() -> None:
    for sentence, passages in ALL:
        words = sentence.split(" ")
        if len(words) > 5:
            words[3] = "purple"
            assert verdict(sentence, " ".join(words), passages) == "not_found", sentence


def test_invented_quotes_are_not_found() -> None:
    for _, passages in ALL:
        told = verdict("It never rains.", "it has never rained on a Tuesday", passages)
        assert told == "not_found"


@pytest.mark.parametrize(
    ("claim", "source", "told"),
    [
        ("The warranty runs for two years.", "The warranty runs for 24 months.", "supported"),
        ("The trip takes 90 minutes.", "The trip takes 1.5 hours.", "supported"),
        ("保修期为两年。", "保修期为24个月。", "supported"),
        ("The warranty runs for three years.", "The warranty runs for 24 months.", "disagrees"),
        ("The rope is 24 m long.", "The rope is 24 cm long.", "disagrees"),
        ("The file has 1024 kB.", "The file has 1 MB.", "disagrees"),  # or 1000
    ],
)
def test_exact_multiples_of_a_unit_are_the_same(claim: str, source: str, told: str) -> None:
    assert verdict(claim, source, [passage(source), passage("It rains.")]) == told


LIST = "These run:\n\n- Linux, with glibc 2.28\n- macOS 13\n- FreeBSD 14\n\nIt costs 30 dollars."


@pytest.mark.parametrize(
    ("claim", "quote", "note"),
    [
        ("FreeBSD 15 runs", "FreeBSD 14", "claim says 15, source says 14"),
        ("It costs 40 dollars", "It costs 30 dollars", "claim says 40 dollars, source says 30"),
        ("It takes 64 signs", "These run", "claim says 64, the source does not"),
        ("It costs 40 euros", "It costs", "claim says 40 euros, source says 30 dollars"),
    ],
)
def test_what_differs_is_told_by_the_words_that_are_cited(
    claim: str, quote: str, note: str
) -> None:
    text = f'{claim} [1: "{quote}"].'
    found = passage(LIST, date="2026-11-27", date_origin="file")
    (citation,) = read_answer(text, [found], verbatim=False).citations
    assert citation.verdict == "disagrees" and citation.note.startswith(note)


def test_another_number_between_the_same_words_disagrees_wherever_else_it_stands() -> None:
    for claim, quote, told in (
        ("The new tool runs on four systems", "The new tool runs on three systems", "four"),
        ("本工具支持四种操作系统", "本工具支持三种操作系统", "四"),
    ):
        found = passage(f"{quote}. 4 people made it. 由4人编写。")
        text = f'{claim} [1: "{quote}"].'
        (citation,) = read_answer(text, [found], verbatim=False).citations
        assert citation.verdict == "disagrees", claim
        assert citation.note.startswith(f"claim says {told}, source says")
    elsewhere = 'Four people made the tool [1: "The tool runs on three systems"].'
    found = passage("The tool runs on three systems. Four people made it.")
    (citation,) = read_answer(elsewhere, [found], verbatim=False).citations
    assert citation.verdict == "unchecked"


def test_names_in_another_script_make_no_other_language() -> None:
    found = passage("本工具支持三种操作系统。Linux、macOS 和 FreeBSD 都可以。")
    names = "支持三种操作系统：Linux、macOS 和 FreeBSD"
    for claim, other in ((names, False), ("It supports three systems", True)):
        text = f'{claim} [1: "本工具支持三种操作系统"].'
        (citation,) = read_answer(text, [found], verbatim=False).citations
        assert citation.verdict == "unchecked"
        assert (citation.note == "in another language") == other


def test_a_number_of_no_kind_in_the_source_is_told_so() -> None:
    found = passage("You need a key. It is safe.", date="2026-11-27", date_origin="file")
    text = 'You need a key of 64 signs [1: "You need a key"].'
    (citation,) = read_answer(text, [found], verbatim=False).citations
    assert citation.note == "claim says 64, the source does not"


# ------------------------------------------------------------------ other languages

# (what the source says, the same with another number, the same with a not)
OTHERS = {
    "de": (
        "Die Garantie gilt für zwölf Monate ab dem Tag des Kaufs.",
        "Die Garantie gilt für zwanzig Monate ab dem Tag des Kaufs.",
        "Die Garantie gilt nicht für zwölf Monate ab dem Tag des Kaufs.",
    ),
    "fr": (
        "La garantie de la pompe est valable douze mois à partir de l'achat.",
        "La garantie de la pompe est valable douze jours à partir de l'achat.",
        "La garantie de la pompe n'est pas valable douze mois à partir de l'achat.",
    ),
    "es": (
        "La garantía de la bomba dura doce meses desde la compra del cliente.",
        "La garantía de la bomba dura once meses desde la compra del cliente.",
        "La garantía de la bomba no dura doce meses desde la compra del cliente.",
    ),
    "ru": (
        "Гарантия на насос действует двенадцать месяцев со дня покупки.",
        "Гарантия на насос действует десять месяцев со дня покупки.",
        "Гарантия на насос не действует двенадцать месяцев со дня покупки.",
    ),
    "pl": (
        "Gwarancja na pompę obejmuje baterie przez 24 miesiące.",
        "Gwarancja na pompę obejmuje baterie przez 12 miesiące.",
        "Gwarancja na pompę nie obejmuje baterie przez 24 miesiące.",
    ),
    "ja": (
        "ポンプの保証期間は購入日から24か月です。",
        "ポンプの保証期間は購入日から36か月です。",
        "ポンプの保証期間は購入日から24か月ではありません。",
    ),
    "ko": (
        "펌프의 보증 기간은 구매일부터 24개월 됩니다.",
        "펌프의 보증 기간은 구매일부터 12개월 됩니다.",
        "펌프의 보증 기간은 구매일부터 24개월 안 됩니다.",
    ),
    "ar": (
        "الضمان على المضخة يشمل البطاريات لمدة 24 شهرا",
        "الضمان على المضخة يشمل البطاريات لمدة 12 شهرا",
        "الضمان على المضخة لا يشمل البطاريات لمدة 24 شهرا",
    ),
    "hi": (
        "पंप की वारंटी में बैटरी 24 महीने तक शामिल है।",
        "पंप की वारंटी में बैटरी 12 महीने तक शामिल है।",
        "पंप की वारंटी में बैटरी 24 महीने तक शामिल नहीं है।",
    ),
    "el": (
        "Η εγγύηση της αντλίας καλύπτει τις μπαταρίες για 24 μήνες.",
        "Η εγγύηση της αντλίας καλύπτει τις μπαταρίες για 12 μήνες.",
        "Η εγγύηση της αντλίας δεν καλύπτει τις μπαταρίες για 24 μήνες.",
    ),
    "he": (
        "האחריות על המשאבה כוללת את הסוללות למשך 24 חודשים.",
        "האחריות על המשאבה כוללת את הסוללות למשך 12 חודשים.",
        "האחריות על המשאבה לא כוללת את הסוללות למשך 24 חודשים.",
    ),
    "th": (
        "การรับประกันปั๊มครอบคลุมแบตเตอรี่เป็นเวลา 24 เดือน",
        "การรับประกันปั๊มครอบคลุมแบตเตอรี่เป็นเวลา 12 เดือน",
        "การรับประกันปั๊มไม่ครอบคลุมแบตเตอรี่เป็นเวลา 24 เดือน",
    ),
    "tr": (
        "Pompanın garantisi pilleri 24 ay boyunca kapsar.",
        "Pompanın garantisi pilleri 12 ay boyunca kapsar.",
        "Pompanın garantisi pilleri 24 ay boyunca kapsar değil.",
    ),
    "zh": (
        "水泵的保固期為購買日起二十四個月，包括電池。",
        "水泵的保固期為購買日起十二個月，包括電池。",
        "水泵的保固期為購買日起二十四個月，不包括電池。",
    ),
}  # fmt: skip


@pytest.mark.parametrize("said", OTHERS.values(), ids=OTHERS)
def test_what_is_altered_passes_in_no_language(said: tuple[str, ...]) -> None:
    for source in said:
        for claim in said:
            told = verdict(claim, source, [passage(source)])
            assert (told == "supported") == (claim == source), (claim, source, told)
            quoted = verdict(source, claim, [passage(source)])
            assert (quoted == "supported") == (claim == source), (claim, source, quoted)


@pytest.mark.parametrize(
    "sentence",
    [
        "没有，没有了。",
        "It is kept if the key exists, and if not, it is made anew for the key.",
        "No. cases refers to those that were possibly not detected.",
    ],
)
def test_a_sentence_agrees_with_itself_however_it_denies(sentence: str) -> None:
    assert verdict(sentence, sentence, [passage(f"{sentence}\n\nMore.")]) == "supported"


def test_a_name_is_no_negation() -> None:
    text = "This won't overwrite an existing value."
    claim = "This Lisbon't overwrite an existing value"
    assert verdict(claim, text, [passage(text)]) != "supported"
