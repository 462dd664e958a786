"""What a model for natural language inference adds to a citation's verdict (``citations.py``).

It adds, and loosens nothing: what numbers, names and negations speak against stays so, and a claim
that the model takes to follow is not called supported, for such models err. Where it takes what is
quoted to contradict the claim, the citation *disagrees*.
"""

from __future__ import annotations

from dataclasses import replace

from ragcli.domain import Citation, Inference, Passage
from ragcli.text.sentences import whole_sentences

# More likely than the two others together. Nobody says more: none of these models is calibrated on
# the user's documents.
LIKELY = 0.5

_JUDGED = frozenset({"supported", "misattributed", "unchecked"})


def premise(citation: Citation, passage: Passage) -> str | None:
    """What the claim is judged by: the whole sentences that hold the quote, as such models were
    trained on sentences, or all of the passage where there is no quote; None where there is nothing
    to judge."""
    if not citation.claim or citation.verdict not in _JUDGED:
        return None
    if citation.quote is None:
        return passage.text
    start = citation.char_start - passage.char_start
    return whole_sentences(passage.text, start, citation.char_end - passage.char_start)


def with_inference(citation: Citation, inference: Inference, model: str) -> Citation:
    """The citation with what a model of this name thinks of it."""
    citation = replace(citation, inference=inference)
    if citation.quote is not None and inference.contradicted > LIKELY:
        told = f"the source says otherwise, judges {model} ({inference.contradicted:.2f})"
        citation = replace(citation, verdict="disagrees")
    elif inference.entailed > LIKELY and citation.verdict == "unchecked":
        told = f"it follows, judges {model} ({inference.entailed:.2f})"
    else:
        return citation
    return replace(citation, note="; ".join(filter(None, (citation.note, told))))
