"""What is found and answered, as JSON. Fields are added, never renamed or removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ragcli.domain import Answer, Citation, Found, Passage, QueryResult, Step
    from ragcli.recipes.prompting import PreparedPrompt


def passage(one: Passage) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "rank": one.rank,
        "score": one.score,
        "source": one.source,
        "title": one.title,
        "headings": list(one.headings),
        "page": one.page,
        "page_end": one.page_end,
        "page_label": one.page_label,
        "line_start": one.line_start,
        "line_end": one.line_end,
        "char_start": one.char_start,
        "char_end": one.char_end,
        "text": one.text,
        "chunk_id": one.chunk_id,
        "chunk_ids": list(one.chunk_ids),
        "also_in": list(one.also_in),
        "stale": one.stale,
        "gone": one.gone,
        "date": one.date,
        "date_origin": one.date_origin,
        "found_by": _found_by(one.found_by),
        "confidence": one.confidence,
        "weak": one.weak,
    }
    if one.explain is not None:
        shape["explain"] = dict(one.explain)
    return shape


def _found_by(found_by: Mapping[str, Found]) -> dict[str, Any]:
    return {half: {"rank": f.rank, "score": f.score} for half, f in found_by.items()}


def query(result: QueryResult) -> dict[str, Any]:
    return {
        "schema": "ragcli.query/1",
        "question": result.question,
        "mode": result.mode,
        "confidence": result.confidence,
        "model": result.model,
        "reranker": result.reranker,
        "embedded_share": result.embedded_share,
        "passages": [passage(p) for p in result.passages],
        "steps": [step(s) for s in result.steps],
        "warnings": list(result.warnings),
        "timings_ms": dict(result.timings_ms),
    }


def citation(one: Citation) -> dict[str, Any]:
    return {
        "marker": one.marker,
        "claim": one.claim,
        "quote": one.quote,
        "verdict": one.verdict,
        "note": one.note,
        "source": one.source,
        "page": one.page,
        "page_label": one.page_label,
        "line_start": one.line_start,
        "line_end": one.line_end,
        "char_start": one.char_start,
        "char_end": one.char_end,
        "chunk_id": one.chunk_id,
        "stale": one.stale,
        "gone": one.gone,
        "inference": one.inference and one.inference._asdict(),
    }


def prompt(one: PreparedPrompt) -> dict[str, Any]:
    """Without a prompt, where nothing would be asked, there are no messages and no sizes."""
    sent = one.prompt
    return {
        "schema": "ragcli.prompt/1",
        "question": one.found.question,
        "declined": one.declined is not None,
        "why": one.declined,
        "confidence": one.found.confidence,
        "generator": one.generator,
        "messages": [{"role": m.role, "content": m.text} for m in sent.messages] if sent else [],
        "size_tokens": sent.size_tokens if sent else None,
        "context_tokens": sent.context_tokens if sent else None,
        "answer_tokens": sent.answer_tokens if sent else None,
        "passages": [passage(p) for p in (sent or one.found).passages],
        "model": one.found.model,
        "embedded_share": one.found.embedded_share,
        "warnings": list(one.warnings),
        "timings_ms": dict(one.found.timings_ms),
    }


def answer(one: Answer) -> dict[str, Any]:
    return {
        "schema": "ragcli.answer/1",
        "question": one.question,
        "answer": one.answer,
        "declined": one.declined,
        "why": one.why,
        "incomplete": one.incomplete,
        "confidence": one.confidence,
        "generator": one.generator,
        "entailment_model": one.entailment_model,
        "citations": [citation(c) for c in one.citations],
        "uncited": list(one.uncited),
        "searched_for": one.searched_for,
        "passages": [passage(p) for p in one.passages],
        "model": one.model,
        "embedded_share": one.embedded_share,
        "steps": [step(s) for s in one.steps],
        "warnings": list(one.warnings),
        "timings_ms": dict(one.timings_ms),
    }


def step(one: Step) -> dict[str, Any]:
    return {"name": one.name, "state": one.state, "why": one.why}
