"""Answers that say there is none, in the words of many models and languages."""

from __future__ import annotations

import pytest
from fakes.passages import passage

from ragcli.domain import Sentence
from ragcli.generation.answers import AnswerReader
from ragcli.generation.denial import is_denial, only_denies

DENIALS = """\
Not in these documents.
The documents do not answer this question.
The provided passages don't mention who painted the ceiling.
I'm sorry, but the given context does not contain any information about the chapel.
Based on the passages, there is no information about the world cup.
None of the passages mention a painter.
The painter is not mentioned in the documents.
I cannot find the answer in the passages.
No information about this is given in the sources.
This question cannot be answered from the documents.
Unfortunately, the text doesn’t say how long it takes.
文档中没有提到谁画了天花板。
这些文件没有回答这个问题。
根据提供的段落，无法确定是谁。
資料中並未提及相關內容。
很抱歉，没有找到相关信息。
所提供的资料里没有关于世界杯的信息。
文書にはその情報が記載されていません。
提供された文章では、質問に答えることができません。
문서에는 해당 내용이 언급되어 있지 않습니다.
Die Dokumente beantworten diese Frage nicht.
In den Passagen steht nichts über die Decke.
Dazu gibt es keine Angaben in den Unterlagen.
Les documents ne répondent pas à cette question.
Les passages ne mentionnent aucun peintre.
Los documentos no responden a esta pregunta.
No hay información sobre el pintor en los textos.
I documenti non rispondono a questa domanda.
Il pittore non è menzionato nei documenti.
Os documentos não respondem a esta pergunta.
De documenten geven hier geen antwoord op.
В документах нет ответа на этот вопрос.
Документы не упоминают художника.
Dokumenty nie odpowiadają na to pytanie.
""".splitlines()

CLAIMS = """\
The warranty runs for 24 months from delivery.
Batteries are not covered after 12 months.
The lamp does not include a bulb.
You do not have to register; the contract tells you how to return it.
No battery is included with the lamp.
The mayor cannot be removed by the council.
保修期为二十四个月，电池不在保修范围内。
合同没有续签。
これは電池を含みません。
Die Garantie gilt nicht für Batterien.
La garantie ne couvre pas les piles.
La garantía no cubre las pilas.
Гарантия не распространяется на батареи.
""".splitlines()


@pytest.mark.parametrize("sentence", DENIALS)
def test_a_denial(sentence: str) -> None:
    assert is_denial(sentence)


@pytest.mark.parametrize("sentence", CLAIMS)
def test_a_claim_with_a_not(sentence: str) -> None:
    assert not is_denial(sentence)


PASSAGES = [
    passage("The picnic of 1998 was on a Sunday. It rained all day. The size is 5 cm."),
    passage("The old text does not mention a painter."),
]


def read(answer: str) -> list[Sentence]:
    reader = AnswerReader(PASSAGES, verbatim=False)
    return [*reader.feed(answer), *reader.end()]


@pytest.mark.parametrize(
    "answer",
    [
        "Not in these documents.",
        "The documents do not say who won [1].",
        'The passages do not say who won [1: "It rained all day"].',
        'The passages do not say who won [1: "invented words here"].',
        "The documents do not answer this. However, Michelangelo painted it in 1512.",
        "\n\nNot in these documents.\n\nThe passages do not name a painter [2].\n",
        "I’m sorry. The documents do not answer this question.",
        "很抱歉。文档中没有提到这一点。",
        "Es tut mir leid. Die Dokumente beantworten diese Frage nicht.",
        "",
    ],
)
def test_an_answer_that_claims_nothing_with_evidence(answer: str) -> None:
    assert only_denies(read(answer))


@pytest.mark.parametrize(
    "answer",
    [
        'It rained all day [1: "It rained all day"].',
        'The documents do not say who won. It rained all day [1: "It rained all day"].',
        'The documents do not mention the colour, but the size is 5 cm [1: "The size is 5 cm"].',
        'The old text does not mention a painter [2: "The old text does not mention a painter"].',
        "It rained. The documents do not say more.",
        "There is no evidence that it was sunny [1].",
        "Die Dokumente sind nicht unterschrieben [1].",
    ],
)
def test_an_answer_that_claims_something(answer: str) -> None:
    assert not only_denies(read(answer))
