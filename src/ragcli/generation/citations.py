"""Is what an answer cites true? Each citation is checked without a model.

Two things are looked at: whether the quote stands in its passage (``quotes.py``), and whether the
claim agrees with it (``claims.py``). One verdict comes of both:

    supported      the words are there, and the claim says what they say
    misattributed  they are in another passage, at which the citation now points
    not_found      they are in none
    disagrees      the claim says something else than its source: a number, a date, a name, a not
    unchecked      nothing speaks against it; whether it follows, a person has to see
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ragcli.domain import Citation, Passage, Verdict
from ragcli.generation.claims import agreement
from ragcli.generation.markers import clean, is_unprintable
from ragcli.generation.quotes import Span, find_quote
from ragcli.text.lines import LineTable, on_one_line, on_one_line_with_offsets
from ragcli.text.sentences import whole_sentences

_VERBATIM_LINE = re.compile(r'^"(?P<quote>.*)" \[(?P<number>\d+)\](?: \((?P<date>[^()]+)\))?$')


def check(number: int, quote: str | None, claim: str, passages: Sequence[Passage]) -> Citation:
    """A marker with the words that it quotes, if any, and the claim that it is to prove.

    ``number`` counts from 1. A claim in the passage's own words is its own quote.
    """
    own = passages[number - 1]
    span = find_quote(quote if quote is not None else claim, own.text)
    if span is not None:
        return _found(number, claim, own, span)
    if quote is None:
        judged = agreement(claim, own.text, _context(own))
        verdict: Verdict = "disagrees" if judged.verdict == "disagrees" else "unchecked"
        note = judged.note if verdict == "disagrees" else "no quote to check it by"
        return replace(_citation(number, own), verdict=verdict, claim=claim, note=note)
    for other, passage in enumerate(passages, 1):
        if other != number and (span := find_quote(quote, passage.text)):
            found = _found(other, claim, passage, span)
            if found.verdict == "disagrees":
                return found
            note = f"the words stand in [{other}], not in [{number}]"
            return replace(found, verdict="misattributed", note=note)
    return replace(
        _citation(number, own),
        quote=quote,
        claim=claim,
        verdict="not_found",
        note="these words are not there",
    )


def _found(number: int, claim: str, passage: Passage, span: Span) -> Citation:
    """The citation of words that stand in the passage."""
    sentences = whole_sentences(passage.text, span.start, span.end)
    quote = passage.text[span.start : span.end]
    judged = agreement(claim, sentences, _context(passage), quote)
    gaps = f"leaves out “{on_one_line(' … '.join(span.gaps))}”" if span.gaps else ""
    citation = _spanning(_citation(number, passage), passage, span.start, span.end)
    return replace(
        citation,
        claim=claim,
        verdict=_VERDICTS[judged.verdict],
        note="; ".join(filter(None, (judged.note, gaps))),
    )


_VERDICTS: dict[str, Verdict] = {
    "agrees": "supported",
    "disagrees": "disagrees",
    "unchecked": "unchecked",
}


def _context(passage: Passage) -> str:
    """What a claim may take its names from: the passage, its title, its headings and its date."""
    return "\n".join([passage.title or "", *passage.headings, passage.day or "", passage.text])


def _spanning(citation: Citation, passage: Passage, start: int, end: int) -> Citation:
    """The citation of ``passage.text[start:end]``."""
    lines = LineTable(passage.text)
    first = passage.line_start
    return replace(
        citation,
        quote=passage.text[start:end],
        line_start=None if first is None else first + lines.line_at(start) - 1,
        line_end=None if first is None else first + lines.line_at(end - 1) - 1,
        char_start=passage.char_start + start,
        char_end=passage.char_start + end,
    )


def _citation(number: int, passage: Passage) -> Citation:
    return Citation(
        marker=number,
        quote=None,
        verdict="unchecked",
        source=passage.source,
        page=passage.page,
        line_start=passage.line_start,
        line_end=passage.line_end,
        char_start=passage.char_start,
        char_end=passage.char_end,
        chunk_id=passage.chunk_id,
        stale=passage.stale,
        gone=passage.gone,
        page_label=passage.page_label,
    )


# ------------------------------------------------------------------ answers that quote


def quote_line(sentence: str, number: int, date: str = "") -> str:
    """A line of a verbatim answer: the quote, on one line, its marker, and a date, if any."""
    line = f'"{on_one_line(clean(sentence))}" [{number}]'
    return f"{line} ({date})" if date else line


def dated(passage: Passage) -> str:
    """The day of a passage, and whose it is where the document states none; empty without."""
    if passage.day is None:
        return ""
    return passage.day if passage.date_origin == "document" else f"file of {passage.day}"


def check_line(line: str, passages: Sequence[Passage]) -> Citation | None:
    """The citation of such a line: its quote is all that it claims. None for any other line.

    The last ``" [n]`` closes it, whatever quotation marks or brackets the quote contains. A date
    behind it must be the passage's.
    """
    match = _VERBATIM_LINE.match(line)
    number = int(match["number"]) if match else 0
    if match is None or not 1 <= number <= len(passages):
        return None
    passage = passages[number - 1]
    if match["date"] not in (None, dated(passage)):
        return None
    span = _locate(match["quote"], passage.text)
    if span is None:
        return replace(_citation(number, passage), quote=match["quote"], verdict="not_found")
    return replace(_spanning(_citation(number, passage), passage, *span), verdict="supported")


def _locate(quote: str, text: str) -> tuple[int, int] | None:
    """Where the quote stands in the text, read with the eyes of ``quote_line``."""
    visible = [i for i, c in enumerate(text) if not is_unprintable(c)]
    line, offsets = on_one_line_with_offsets("".join(text[i] for i in visible))
    at = line.find(quote) if quote else -1
    if at < 0:
        return None
    return visible[offsets[at]], visible[offsets[at + len(quote) - 1]] + 1
