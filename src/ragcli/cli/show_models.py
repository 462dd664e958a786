"""Models for people: what there is, and what is worth knowing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from ragcli.cli.ls import size
from ragcli.cli.output import DEFAULT_WIDTH, Output, one_line
from ragcli.cli.show_passages import percent
from ragcli.cli.wording import count
from ragcli.text.language_names import language_name

if TYPE_CHECKING:
    from ragcli.models.known import KnownModel
    from ragcli.recipes.models import Corpus, Fit, Here, Listed, Models

# A name that is longer stands on a line of its own: the columns beside it fill 80.
_NAME = 41

# Columns of figures: their heading, and the benchmarks whose figure stands there.
_ENGLISH_1 = ("en1", ("mteb_en_v1", "beir"))
_ENGLISH_2 = ("en2", ("mteb_en_v2",))
_MANY = ("all", ("mteb_multilingual",))
_CHINESE = ("zh", ("c_mteb",))
_RERANKED = (("en", ("rerank_en",)), ("all", ("rerank_multilingual",)), ("zh", ("rerank_zh",)))
_MEANING = {
    "en1": "MTEB English v1 (or BEIR, the same tasks)",
    "en2": "MTEB English v2",
    "all": "MTEB Multilingual v2",
    "zh": "C-MTEB",
}

_FREE = ("MIT", "Apache-2.0")

# A share of the text for which a language's own column is shown.
_ENOUGH = 0.2
_TOP = 4
_WHERE = {
    "package": "its package",
    "hub": "the hub's cache",
    "folder": "a folder",
    "ollama": "Ollama",
    "ollama-cloud": "Ollama's cloud",
}

Columns = Sequence[tuple[str, tuple[str, ...]]]


def show(found: Models, output: Output) -> None:
    """All of it."""
    for line in _page(found, output.width):
        output.line(line)


def show_some(here: Sequence[Here], known: Sequence[Listed], output: Output) -> None:
    """Everything that is known of some models."""
    named = {one.here for one in known}
    pages = [*(_details(one) for one in known)]
    pages += [_details_here(one) for one in here if one.name not in named]
    for index, page in enumerate(pages):
        if index:
            output.line()
        for line in page:
            output.line(line)


def _page(found: Models, width: int) -> Iterator[str]:
    if found.corpus:
        yield _corpus(found.corpus)
        yield ""
    yield "On this machine:"
    for one in found.here:
        yield _here(one)
    if not found.here:
        yield "  no model"
    usable = [one for one in found.known if one.model.obstacle is None]
    columns = _columns(found.corpus)
    yield ""
    yield from _table("Embedders worth knowing", "embedder", usable, columns, found)
    yield ""
    yield from _table("Rerankers worth knowing", "reranker", usable, _RERANKED, found)
    yield ""
    for paragraph in _paragraphs(found, columns):
        yield from wrap(paragraph, width, break_on_hyphens=False)


def _corpus(corpus: Corpus) -> str:
    named = sorted(corpus.languages.items(), key=lambda item: -item[1])[:_TOP]
    told = ", ".join(f"{language_name(code)} {percent(share)}" for code, share in named)
    chunks = f"{count(corpus.chunks, 'chunk')} of {corpus.chunk_tokens} tokens"
    return f"{told or 'no language told'} · {chunks} · {one_line(corpus.model)}"


def _here(one: Here) -> str:
    name = f"{'*' if one.used else ' '} {one_line(one.name)}"
    facts = [one.role, _WHERE[one.where]]
    facts += [size(one.size_bytes)] if one.size_bytes else []
    facts += [f"not used: {one.obstacle}"] if one.obstacle and one.where != "ollama-cloud" else []
    return f"{name:<{_NAME}}  {', '.join(facts)}"


# ------------------------------------------------------------------ the table


def _columns(corpus: Corpus | None) -> Columns:
    """Three at most: those of the corpus's own languages."""
    if corpus is None or not corpus.languages:
        return (_ENGLISH_1, _ENGLISH_2, _MANY)
    english, chinese = corpus.languages.get("en", 0.0), corpus.languages.get("zh", 0.0)
    chosen = [_ENGLISH_1, _ENGLISH_2] if english >= _ENOUGH else []
    chosen += [_CHINESE] if chinese >= _ENOUGH else []
    return (*chosen[:2], chosen[2] if len(chosen) > 2 else _MANY)


def _table(
    title: str, role: str, usable: Sequence[Listed], columns: Columns, found: Models
) -> Iterator[str]:
    headings = "".join(f"{heading:>6}" for heading, _ in columns)
    yield f"{title:<{_NAME}}{'knows':>6}{'memory':>8}{'tokens':>7}{headings}".rstrip()
    for one in usable:
        if one.model.role != role:
            continue
        mark = "*" if one.used else "+" if one.here else " "
        name = f"{mark} {one.model.name}"
        if len(name) > _NAME:
            yield name
            name = ""
        memory = size(one.memory_bytes)
        if found.memory_bytes is not None and one.memory_bytes > found.memory_bytes:
            memory += "!"
        figures = "".join(f"{_figure(one, benchmarks):>6}" for _, benchmarks in columns)
        limit = f"{one.model.max_tokens:,}"
        yield f"{name:<{_NAME}}{_knows(one):>6}{memory:>8}{limit:>7}{figures}"


def _knows(one: Listed) -> str:
    if one.fit is not None and one.fit.knows is not None:
        return percent(one.fit.knows)
    codes = sorted(one.model.languages)
    return "many" if "multilingual" in codes else ",".join(codes)


def _figure(one: Listed, benchmarks: Sequence[str]) -> str:
    value = one.model.score(*benchmarks)
    return "-" if value is None else f"{value:.1f}"


def _paragraphs(found: Models, columns: Columns) -> Iterator[str]:
    share = "the share of the text in languages" if found.corpus else "the languages"
    yield (
        f"* in use, + on this machine; knows: {share} that it was taught; memory: its parameters"
        " at 4 bytes each (! more than this machine has)."
    )
    told = ", ".join(f"{heading} {_MEANING[heading]}" for heading, _ in columns)
    yield (
        f"Figures are published ones of retrieval, nDCG@10: {told}; of rerankers, the first 100 of"
        " one embedder reordered. Those of two columns do not compare."
    )
    others = [one.model for one in found.known if one.model.licence not in _FREE]
    told = ", ".join(f"{model.name} ({model.licence})" for model in others)
    yield f"Licences are MIT or Apache-2.0, which allow commercial use, but for {told}."
    shrunk = {
        one.fit.chunk_tokens: one.model.name
        for one in found.known
        if one.fit and one.fit.chunk_tokens is not None and one.model.role == "embedder"
    }
    if shrunk:
        told = ", ".join(f"{name} to {tokens} tokens" for tokens, name in shrunk.items())
        yield f"Chunks would shrink with {told}."
    for obstacle in dict.fromkeys(one.model.obstacle for one in found.known):
        if obstacle is not None:
            blocked = [one.model for one in found.known if one.model.obstacle == obstacle]
            yield f"Not run from its files, because {obstacle}: {_with_ollama(blocked)}."


def _with_ollama(models: Sequence[KnownModel]) -> str:
    return ", ".join(
        model.name + (f" (but as ollama:{model.ollama})" if model.ollama else "")
        for model in models
    )


# ------------------------------------------------------------------ one model


def _details(one: Listed) -> Iterator[str]:
    from ragcli.models.known import known

    model, table = one.model, known()
    yield f"{model.name}{'  (in use)' if one.used else ''}"
    yield from _row("role", model.role)
    on_disk = f", {size(round(model.size_mb * 1e6))} to fetch" if model.size_mb else ""
    memory = f"about {size(one.memory_bytes)} of memory"
    yield from _row("size", f"{model.parameters_m:,g} M parameters{on_disk}, {memory}")
    dimension = f"{model.dimension} dimensions, " if model.dimension else ""
    yield from _row("takes", f"{dimension}{model.max_tokens:,} tokens at most")
    codes = sorted(model.languages)
    told = "dozens" if "multilingual" in codes else ", ".join(map(language_name, codes))
    yield from _row("languages", told)
    allowed = "commercial use allowed" if model.commercial else "not for commercial use"
    yield from _row("licence", f"{model.licence}: {allowed}")
    for kind, prompt in (("query", model.query_prompt), ("document", model.document_prompt)):
        if prompt:
            yield from _row(f"{kind} prompt", '"' + prompt.replace("\n", "\\n") + '"')
    yield from _of_corpus(one.fit)
    yield from _row("here", one.here or "no")
    if model.ollama:
        yield from _row("with Ollama", f"ollama pull {model.ollama}, then ollama:{model.ollama}")
    yield from _row("not run", model.obstacle)
    yield from _row("note", model.note)
    for score in model.scores:
        yield from _row(f"{score.value:.2f}", table.benchmarks[score.benchmark])
    for key in dict.fromkeys([*(score.source for score in model.scores), model.source]):
        source = table.sources[key]
        yield from _row("source", f"{source.title}; read {source.read}")
        yield from _row("", source.address)


def _details_here(one: Here) -> Iterator[str]:
    yield f"{one_line(one.name)}{'  (in use)' if one.used else ''}"
    yield from _row("role", one.role)
    yield from _row("where", _WHERE[one.where] + (f": {one_line(one.place)}" if one.place else ""))
    yield from _row("size", size(one.size_bytes) if one.size_bytes else None)
    yield from _row("dimensions", f"{one.dimension}" if one.dimension else None)
    yield from _row("takes", f"{one.max_tokens:,} tokens at most" if one.max_tokens else None)
    yield from _row("languages", ", ".join(one.languages) if one.languages else None)
    yield from _row("note", one.obstacle)
    yield from _of_corpus(one.fit)


def _of_corpus(fit: Fit | None) -> Iterator[str]:
    if fit is None:
        return
    told = []
    if fit.knows is not None:
        told.append(f"taught the languages of {percent(fit.knows)} of the text")
    told += [f"an index of {size(fit.index_bytes)}"] if fit.index_bytes else []
    told += [f"chunks of {fit.chunk_tokens} tokens"] if fit.chunk_tokens is not None else []
    yield from _row("this corpus", ", ".join(told))


def _row(label: str, text: str | None) -> Iterator[str]:
    """Nothing for nothing."""
    if text:
        yield from wrap(
            text,
            DEFAULT_WIDTH,
            initial_indent=f"  {label:<15} ",
            subsequent_indent=" " * 18,
            break_long_words=False,
            break_on_hyphens=False,
        )
