"""Models worth knowing: what their cards state and what is published of them (``known.toml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from ragcli.models.locate import CROSS_ENCODERS, EMBEDDERS, full_name

Role = Literal["embedder", "reranker"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures were ``read``, and of which ``date`` it is, if it says."""

    title: str
    address: str
    read: date
    date: date | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A published figure of retrieval: nDCG@10 times 100. Those of two benchmarks do not
    compare."""

    benchmark: str
    value: float
    source: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """``languages`` as ``Embedder.languages``. ``parameters_m`` counts millions, ``size_mb`` is
    that of the published weights. ``ollama`` is its name there. ``obstacle`` says why it cannot be
    run from its files here, in a clause; ``note`` what else one should know. None is not known,
    or nothing to be said."""

    name: str
    role: Role
    languages: frozenset[str]
    max_tokens: int
    parameters_m: float
    licence: str
    commercial: bool
    source: str
    scores: tuple[Score, ...]
    dimension: int | None = None
    query_prompt: str = ""
    document_prompt: str = ""
    size_mb: float | None = None
    ollama: str | None = None
    obstacle: str | None = None
    note: str | None = None

    def score(self, *benchmarks: str) -> float | None:
        """The figure of the first of these benchmarks that it has."""
        found = {score.benchmark: score.value for score in self.scores}
        return next((found[name] for name in benchmarks if name in found), None)


@dataclass(frozen=True, slots=True)
class Known:
    """The table. ``benchmarks`` say what each is; scores and models name their source."""

    models: tuple[KnownModel, ...]
    benchmarks: Mapping[str, str]
    sources: Mapping[str, Source]

    def find(self, name: str) -> KnownModel | None:
        """The model of a name of the hub, bare or not, or ``ollama:NAME``, with or without tag."""
        wanted = name.lower()
        if wanted.startswith("ollama:"):
            served = wanted.removeprefix("ollama:").removesuffix(":latest")
            own = [m for m in self.models if m.ollama]
            exact = next((m for m in own if m.ollama == served), None)
            return exact or next((m for m in own if m.ollama == served.partition(":")[0]), None)
        names = {full_name(wanted, owner).lower() for owner in (EMBEDDERS, CROSS_ENCODERS)}
        return next((m for m in self.models if m.name.lower() in names), None)


@cache
def known() -> Known:
    """The table as it comes with the package."""
    import tomllib

    text = (files("ragcli.models") / "known.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return Known(
        models=tuple(_model(entry) for entry in table["models"]),
        benchmarks=table["benchmarks"],
        sources={key: Source(**entry) for key, entry in table["sources"].items()},
    )


def _model(entry: Mapping[str, Any]) -> KnownModel:
    given = dict(entry)
    scores = tuple(Score(**score) for score in given.pop("scores"))
    languages = frozenset(given.pop("languages"))
    return KnownModel(languages=languages, scores=scores, **given)
