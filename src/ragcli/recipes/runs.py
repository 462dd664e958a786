"""Runs of an evaluation: as JSON, saved under a name, and compared question by question."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from ragcli.errors import NotInProject, UsageError
from ragcli.evaluation.bootstrap import Difference, differences, verdict
from ragcli.evaluation.questions import told
from ragcli.recipes import private_files
from ragcli.recipes.evaluate import Evaluation

SCHEMA = "ragcli.eval/1"

# What two runs are judged by in words: one figure for the order, one for the text that is read, at
# equal length. More would find a difference by chance alone.
JUDGED_BY = ("ndcg", "char_recall@800t")

_NAME = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class Scored:
    """A run for comparing: a digest and the figures of each question, by its id."""

    name: str
    digests: Mapping[str, str]
    metrics: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run against an earlier one, on the ``questions`` that both asked; ``others`` were asked
    by one of them only, or have changed."""

    after: str
    before: str
    questions: int
    others: int
    differences: Mapping[str, Difference]
    verdicts: tuple[str, ...]


def scored(name: str, evaluation: Evaluation) -> Scored:
    outcomes = evaluation.outcomes
    return Scored(name, {o.id: o.digest for o in outcomes}, {o.id: o.metrics for o in outcomes})


def compare(before: Scored, after: Scored) -> Comparison:
    """Paired by question. Raises UsageError when the runs have no question in common."""
    both = [id_ for id_, digest in after.digests.items() if before.digests.get(id_) == digest]
    if not both:
        raise UsageError(
            f"{before.name} and {after.name} have no question in common",
            "compare runs of one question set",
        )
    found = differences([before.metrics[i] for i in both], [after.metrics[i] for i in both])
    judged = [name for name in found if name.startswith(JUDGED_BY)]
    return Comparison(
        after=after.name,
        before=before.name,
        questions=len(both),
        others=len(before.digests.keys() | after.digests.keys()) - len(both),
        differences=found,
        verdicts=tuple(verdict(after.name, before.name, name, found[name]) for name in judged),
    )


def compare_all(runs: Sequence[Scored]) -> list[Comparison]:
    """Each with each that stands before it."""
    return [compare(before, after) for before, after in combinations(runs, 2)]


# ------------------------------------------------------------------ as JSON


def as_object(
    runs: Sequence[tuple[str, Evaluation]], comparisons: Sequence[Comparison] = ()
) -> dict[str, Any]:
    """One or several runs on one question set."""
    first = runs[0][1]
    return {
        "schema": SCHEMA,
        "set": first.set_name,
        "top_k": first.top_k,
        "runs": [_run(name, one) for name, one in runs],
        "comparisons": [asdict(one) for one in comparisons],
        "gates": [],
    }


def _run(name: str, one: Evaluation) -> dict[str, Any]:
    return {
        "name": name,
        **asdict(one.subject),
        "questions": len(one.outcomes),
        "left_out": list(one.left_out),
        "unresolved": [
            {"id": u.question_id, "place": told(u.place), "why": u.why, "left_out": u.left_out}
            for u in one.unresolved
        ],
        "metrics": {metric: asdict(value) for metric, value in one.metrics.items()},
        "groups": [
            {**asdict(group), "metrics": {m: asdict(v) for m, v in group.metrics.items()}}
            for group in one.groups
        ],
        "latency_ms": {"p50": one.latency.p50_ms, "p95": one.latency.p95_ms},
        "notes": list(one.notes),
        "caution": one.caution,
        "results": [{**asdict(o), "metrics": dict(o.metrics)} for o in one.outcomes],
    }


# ------------------------------------------------------------------ saved


def save(folder: Path, name: str, run: Mapping[str, Any]) -> Path:
    """Under a name, in place of an earlier run of that name; whole or not at all."""
    target = _file(folder, name)
    private_files.write(target, json.dumps(run, ensure_ascii=False))
    return target


def load(folder: Path, name: str) -> Scored:
    """A saved run. Raises NotInProject (no such run), UsageError (not one of `rag eval`'s)."""
    file = _file(folder, name)
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        results = saved["runs"][0]["results"]
        return Scored(
            name,
            {r["id"]: r["digest"] for r in results},
            {r["id"]: r["metrics"] for r in results},
        )
    except FileNotFoundError:
        names = ", ".join(sorted(f.stem for f in folder.glob("*.json")))
        raise NotInProject(
            f"there is no saved run `{name}`" + (f"; there are {names}" if names else ""),
            f"save one: rag eval --save {name}",
        ) from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{file} is no saved run: {error}", "delete it") from error


def without_words(saved: dict[str, Any]) -> dict[str, Any]:
    """A saved run that keeps its figures, by which others are compared with it, and nothing that
    a document or a question says. Raises LookupError, TypeError, AttributeError (it is none)."""
    for run in saved["runs"]:
        for result in run["results"]:
            result.update(question="", expected=[], first=None)
        run.update(unresolved=[], notes=[])
    return saved


def _file(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` is no name for a run", "use letters, digits, dots and dashes: --save before"
        )
    return folder / f"{name}.json"
