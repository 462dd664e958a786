"""An evaluation as one HTML page that needs nothing else: no script, no font, no network.

It is made from the same object that ``--json`` prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ragcli import __version__, disk
from ragcli.cli import svg
from ragcli.cli.svg import safe
from ragcli.cli.wording import count
from ragcli.evaluation.bootstrap import Difference

# Rows of questions that a page shows; all of them are in the JSON.
_QUESTIONS = 100
_BINS = 24

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1e21; --soft: #5b6370; --line: #d9dde3;
  --s0: #0072b2; --s1: #d55e00; --s2: #009e73; --s3: #cc79a7; --s4: #b58900; --s5: #56b4e9; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e6e8eb; --soft: #9aa3af;
  --line: #343a42; --s0: #4aa8e0; --s1: #f08b4b; --s2: #3cc79b; --s3: #e0a3c4; --s4: #e0b83c;
  --s5: #8fd0f5; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
p.about, figcaption, .tick, .figure { color: var(--soft); }
figure { margin: 1rem 0; overflow-x: auto; } svg { width: 100%; min-width: 36rem; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg text.tick, svg text.figure { fill: var(--soft); }
.grid { stroke: var(--line); } .zero { stroke: var(--soft); }
.span { stroke: currentColor; stroke-width: 2; } circle, rect { fill: currentColor; }
polyline { fill: none; stroke: currentColor; stroke-width: 2; }
.band { fill: currentColor; opacity: .15; }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); }
.s3 { color: var(--s3); } .s4 { color: var(--s4); } .s5 { color: var(--s5); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
li.missed { color: var(--s1); }
"""


def write(file: Path, shape: Mapping[str, Any]) -> None:
    """Raises UsageError, OSError (the disk is full or fails)."""
    with disk.place_named(f"write {file}", "name another file"):
        file.write_text(page(shape), encoding="utf-8", errors="replace")


def page(shape: Mapping[str, Any], made: datetime | None = None) -> str:
    """The page of a ``ragcli.eval/1`` object; ``made`` is when, default now."""
    moment = (made or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    title = f"rag eval: {shape['set']}"
    body = "".join(_body(shape))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{safe(title)}</h1>{body}"
        f'<p class="about">Made by ragcli {safe(__version__)}, {moment}.</p></body></html>\n'
    )


def _body(shape: Mapping[str, Any]) -> Iterator[str]:
    runs = shape["runs"]
    yield _subjects(shape)
    yield _notes(shape)
    yield from _verdicts(shape["comparisons"])
    yield _figures(runs)
    yield _recall_curves(runs)
    yield from _differences(shape["comparisons"])
    yield from _groups(runs)
    for number, run in enumerate(runs):
        yield _latency(run, number, alone=len(runs) == 1)
    yield _missed(runs[0])


def _subjects(shape: Mapping[str, Any]) -> str:
    heads = ("", "mode", "model", "chunk tokens", "files", "chunks", "questions", "p50", "p95")
    rows = []
    for number, run in enumerate(shape["runs"]):
        latency = run["latency_ms"]
        cells = [
            f'<td class="s{number % svg.SERIES}">● {safe(run["name"])}</td>',
            f"<td>{safe(run['mode'])}</td><td>{safe(run['model'])}</td>",
            *(f'<td class="n">{run[k]:,}</td>' for k in ("chunk_tokens", "files", "chunks")),
            f'<td class="n">{run["questions"]:,}</td>',
            *(f'<td class="n">{latency[k]:.0f} ms</td>' for k in ("p50", "p95")),
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return _table(heads, rows, numeric_from=3)


def _notes(shape: Mapping[str, Any]) -> str:
    first = shape["runs"][0]
    told = [
        note if len(shape["runs"]) == 1 else f"{run['name']}: {note}"
        for run in shape["runs"]
        for note in run["notes"]
    ]
    told += [first["caution"]] if first["caution"] else []
    if first["left_out"]:
        told.append(
            f"{count(len(first['left_out']), 'question')} left out of the figures: no file of"
            " theirs is in the project"
        )
    lost = [u for u in first["unresolved"] if not u["left_out"]]
    if lost:
        told.append(
            f"{count(len(lost), 'relevant place')} not in the stored text, which counts as not"
            f" found; the first: {lost[0]['place']}: {lost[0]['why']}"
        )
    items = [f"<li>{safe(text)}</li>" for text in told]
    for gate in shape["gates"]:
        word, kind = ("met", "met") if gate["met"] else ("missed", "missed")
        text = f"{gate['metric']} is {gate['value']:.3f}, at least {gate['least']:g}: {word}"
        items.append(f'<li class="{kind}">{safe(text)}</li>')
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _verdicts(comparisons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if comparisons:
        items = (f"<li>{safe(v)}</li>" for c in comparisons for v in c["verdicts"])
        yield f"<h2>Which is better</h2><ul>{''.join(items)}</ul>"


# ------------------------------------------------------------------ plots


def _names(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The metrics of all runs, those of a family together; hits are left to the JSON."""
    names = dict.fromkeys(name for run in runs for name in run["metrics"])
    families = list(dict.fromkeys(name.split("@")[0] for name in names))
    ordered = sorted(names, key=lambda name: families.index(name.split("@")[0]))
    return [name for name in ordered if not name.startswith("hit@")]


def _figures(runs: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for name in _names(runs):
        there = [(i, run) for i, run in enumerate(runs) if name in run["metrics"]]
        rows.append(svg.Row(name, tuple(_dot(run, name, i) for i, run in there)))
    plot = svg.dots(rows, "Mean and 95 % interval of each metric")
    return _section("Figures", plot, "Mean and 95 % interval (BCa bootstrap) over the questions.")


def _dot(run: Mapping[str, Any], name: str, series: int) -> svg.Dot:
    value = run["metrics"][name]
    label = f"{run['name']}, {name}"
    return svg.Dot(value["mean"], value["low"], value["high"], series, label)


def _recall_curves(runs: Sequence[Mapping[str, Any]]) -> str:
    series = []
    for number, run in enumerate(runs):
        names = (name for name in run["metrics"] if name.startswith("recall@"))
        points = [(int(name.split("@")[1]), _dot(run, name, number)) for name in names]
        series.append((run["name"], points))
    plot = svg.curves(series, "Recall at each k")
    return _section("Recall by k", plot, "The share of what is relevant among the first k.")


def _differences(comparisons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for comparison in comparisons:
        differences = comparison["differences"]
        rows = [
            svg.Row(name, (svg.Dot(d["mean"], d["low"], d["high"], _sign(d), name),))
            for name in _names([{"metrics": differences}])
            if (d := differences[name])
        ]
        title = f"{comparison['after']} minus {comparison['before']}"
        caption = (
            f"Paired, on {comparison['questions']:,} questions that both asked"
            f" ({comparison['others']:,} others left out). Right of 0: {comparison['after']} is"
            " better."
        )
        yield _section(title, svg.dots(rows, title, signed=True), caption)


def _sign(difference: Mapping[str, Any]) -> int:
    """The colour of what is better (2), worse (1), or cannot be told from chance (0)."""
    if not Difference(**difference).is_real:
        return 0
    return 2 if difference["mean"] > 0 else 1


def _groups(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for kind, title in (("group", "By group"), ("languages", "By language (question → documents)")):
        for metric in ("ndcg@10", "char_recall@800t"):
            rows = _group_rows(runs, kind, metric)
            if rows:
                yield _section(f"{title}: {metric}", svg.dots(rows, f"{title}: {metric}"), "")


def _group_rows(runs: Sequence[Mapping[str, Any]], kind: str, metric: str) -> list[svg.Row]:
    dots: dict[str, list[svg.Dot]] = {}
    for number, run in enumerate(runs):
        for group in run["groups"]:
            if group["kind"] == kind and metric in group["metrics"]:
                label = f"{group['name']} ({group['questions']:,})"
                part = {**run, "metrics": group["metrics"]}
                dots.setdefault(label, []).append(_dot(part, metric, number))
    return [svg.Row(label, tuple(some)) for label, some in dots.items()]


def _latency(run: Mapping[str, Any], number: int, *, alone: bool) -> str:
    times = [result["latency_ms"] for result in run["results"]]
    # The slowest twentieth would flatten all others.
    last = max(run["latency_ms"]["p95"], 0.001) * 1.5
    edges = [last * i / _BINS for i in range(_BINS + 1)]
    counts = [0] * _BINS
    for time in times:
        counts[min(_BINS - 1, int(time / last * _BINS))] += 1
    title = "Time a question" + ("" if alone else f": {run['name']}")
    caption = (
        f"Half of the questions took {run['latency_ms']['p50']:.0f} ms at most, 95 % of them"
        f" {run['latency_ms']['p95']:.0f} ms, in one process; the last bar holds all slower ones."
    )
    return _section(title, svg.bars(counts, edges, title, "ms"), caption)


# ------------------------------------------------------------------ questions


def _missed(run: Mapping[str, Any]) -> str:
    """The questions whose answer comes late or not at all."""
    late = [r for r in run["results"] if r["rank"] is None or r["rank"] > 1]
    late.sort(key=lambda r: -(r["rank"] or 10**6))
    rows = []
    for result in late[:_QUESTIONS]:
        rank = "not found" if result["rank"] is None else f"{result['rank']}"
        rows.append(
            f"<tr><td>{safe(result['question'])}</td><td>{safe(', '.join(result['expected']))}"
            f'</td><td class="n">{rank}</td><td>{safe(result["first"] or "nothing")}</td></tr>'
        )
    more = f"{len(late):,} of {len(run['results']):,} questions"
    shown = f", {_QUESTIONS} of them shown" if len(late) > _QUESTIONS else ""
    heads = ("question", "answered by", "found at", "first was")
    return (
        f"<h2>Not answered by the first passage</h2><p class='about'>{safe(run['name'])}:"
        f" {more}{shown}.</p>{_table(heads, rows, numeric_from=9)}"
    )


# ------------------------------------------------------------------ parts


def _section(title: str, plot: str, caption: str) -> str:
    told = f"<figcaption>{safe(caption)}</figcaption>" if caption else ""
    return f"<h2>{safe(title)}</h2><figure>{plot}{told}</figure>"


def _table(heads: Sequence[str], rows: Sequence[str], numeric_from: int) -> str:
    head = "".join(
        f'<th class="{"n" if i >= numeric_from else ""}">{safe(h)}</th>'
        for i, h in enumerate(heads)
    )
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"
