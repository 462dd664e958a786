"""What a model for natural language inference adds to a verdict: it loosens none."""

from __future__ import annotations

import pytest
from fakes.passages import passage

from ragcli.domain import Citation, Inference
from ragcli.generation.answers import read_answer
from ragcli.generation.inference import premise, with_inference

SOURCE = passage("It is long. The warranty runs for 24 months. Parts are included.")
AGREES = Inference(0.9, 0.06, 0.04)
NEUTRAL = Inference(0.3, 0.4, 0.3)
CONTRADICTS = Inference(0.04, 0.06, 0.9)

CLAIMS = {
    "supported": 'The warranty runs for 24 months [1: "runs for 24 months"].',
    "unchecked": 'You are covered for all that time [1: "runs for 24 months"].',
    "disagrees": 'The warranty runs for 36 months [1: "runs for 24 months"].',
    "not_found": 'It runs for ever [1: "runs for ever and a day"].',
}


def cited(text: str) -> Citation:
    (citation,) = read_answer(text, [SOURCE], verbatim=False).citations
    return citation


@pytest.mark.parametrize("verdict", ["supported", "unchecked"])
def test_a_claim_is_judged_by_the_whole_sentences_that_hold_the_quote(verdict: str) -> None:
    citation = cited(CLAIMS[verdict])
    assert citation.verdict == verdict
    assert premise(citation, SOURCE) == "The warranty runs for 24 months."


@pytest.mark.parametrize("verdict", ["disagrees", "not_found"])
def test_what_is_wrong_already_is_not_judged(verdict: str) -> None:
    citation = cited(CLAIMS[verdict])
    assert citation.verdict == verdict
    assert premise(citation, SOURCE) is None


def test_what_makes_no_claim_is_not_judged() -> None:
    quoted = read_answer('"It is long." [1]', [SOURCE], verbatim=True).citations[0]
    assert premise(quoted, SOURCE) is None


@pytest.mark.parametrize("verdict", ["supported", "unchecked"])
def test_a_quote_that_contradicts_the_claim_disagrees(verdict: str) -> None:
    citation = cited(CLAIMS[verdict])
    judged = with_inference(citation, CONTRADICTS, "nli")
    assert judged.verdict == "disagrees"
    told = "the source says otherwise, judges nli (0.90)"
    assert judged.note == (f"{citation.note}; {told}" if citation.note else told)
    assert judged.inference == CONTRADICTS


def test_what_follows_is_said_and_not_called_supported() -> None:
    judged = with_inference(cited(CLAIMS["unchecked"]), AGREES, "nli")
    assert judged.verdict == "unchecked"
    assert judged.note == "in other words; it follows, judges nli (0.90)"
    supported = cited(CLAIMS["supported"])
    judged = with_inference(supported, AGREES, "nli")
    assert (judged.verdict, judged.note) == ("supported", supported.note)


@pytest.mark.parametrize("verdict", ["supported", "unchecked"])
def test_a_model_that_cannot_tell_changes_nothing(verdict: str) -> None:
    citation = cited(CLAIMS[verdict])
    judged = with_inference(citation, NEUTRAL, "nli")
    assert (judged.verdict, judged.note) == (citation.verdict, citation.note)
    assert judged.inference == NEUTRAL


def test_without_a_quote_a_whole_passage_contradicts_nothing() -> None:
    citation = cited("You are covered for all that time [1].")
    assert premise(citation, SOURCE) == SOURCE.text
    assert with_inference(citation, CONTRADICTS, "nli").verdict == "unchecked"
    assert "it follows, judges nli" in with_inference(citation, AGREES, "nli").note
