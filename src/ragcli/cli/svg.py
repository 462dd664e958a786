"""Plots as inline SVG: no script, no resource from elsewhere, colours from the page's style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ragcli.cli.output import one_line

# Pixels of the drawing's own coordinates; the page scales it to its width.
WIDTH = 720
_ROW = 22
_LABEL = 210
_RIGHT = 60
_LONGEST_LABEL = 34
_TOP = 8
_AXIS = 26
_CURVE_HEIGHT = 240
_BARS_HEIGHT = 140

# As many colours as can be told apart, also by the colour-blind (Okabe and Ito 2008).
SERIES = 6


@dataclass(frozen=True, slots=True)
class Dot:
    """A mean with its interval; ``series`` numbers its colour, from 0."""

    mean: float
    low: float
    high: float
    series: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    dots: tuple[Dot, ...]


def dots(rows: Sequence[Row], about: str, *, signed: bool = False) -> str:
    """A line for each row with its means and intervals, on an axis from 0 to 1; ``signed``: one
    around 0, as wide as the widest interval."""
    reach = max((abs(e) for r in rows for d in r.dots for e in (d.low, d.high)), default=1.0)
    reach = max(reach, 0.01)
    first, last = (-reach, reach) if signed else (0.0, 1.0)

    def x(value: float) -> float:
        return _LABEL + (value - first) / (last - first) * (WIDTH - _LABEL - _RIGHT)

    heights = [max(_ROW, 12 * len(row.dots) + 8) for row in rows]
    bottom = _TOP + sum(heights)
    parts = [_vertical(x(tick), _TOP, bottom, tick, signed) for tick in _ticks(first, last)]
    top = _TOP
    for row, height in zip(rows, heights, strict=True):
        middle = top + height / 2
        parts.append(_text(_LABEL - 10, middle + 4, row.label, "end"))
        gap = height / (len(row.dots) + 1)
        for place, dot in enumerate(row.dots, 1):
            y = top + gap * place
            told = f"{dot.name or row.label}: {dot.mean:.3f} [{dot.low:.3f}, {dot.high:.3f}]"
            parts.append(
                f'<g class="s{dot.series % SERIES}"><title>{safe(told)}</title>'
                f'<line class="span" x1="{x(dot.low):.1f}" x2="{x(dot.high):.1f}" y1="{y:.1f}"'
                f' y2="{y:.1f}"/><circle cx="{x(dot.mean):.1f}" cy="{y:.1f}" r="4"/></g>'
            )
            sign = "+" if signed else ""
            parts.append(_text(WIDTH - 4, y + 4, f"{dot.mean:{sign}.3f}", "end", "figure"))
        top += height
    return _drawing(bottom + _AXIS, about, parts)


def curves(series: Sequence[tuple[str, Sequence[tuple[int, Dot]]]], about: str) -> str:
    """For each series its means over k, with their intervals as a band. The axis begins at the
    quarter below the lowest of them."""
    ks = sorted({k for _, points in series for k, _ in points})
    bottom = _TOP + _CURVE_HEIGHT
    least = min((d.low for _, points in series for _, d in points), default=0.0)
    base = min(int(least * 4), 3) / 4

    def x(k: int) -> float:
        place = ks.index(k) / max(1, len(ks) - 1)
        return 60 + place * (WIDTH - 60 - _RIGHT)

    def y(value: float) -> float:
        return bottom - (value - base) / (1 - base) * _CURVE_HEIGHT

    parts = []
    for tick in _ticks(base, 1):
        parts.append(f'<line class="grid" x1="60" x2="{WIDTH - _RIGHT}" y1="{y(tick):.1f}"')
        parts[-1] += f' y2="{y(tick):.1f}"/>'
        parts.append(_text(50, y(tick) + 4, f"{tick:g}", "end", "tick"))
    parts += [_text(x(k), bottom + 18, f"k = {k}", "middle", "tick") for k in ks]
    for number, (name, points) in enumerate(series):
        band = [(x(k), y(d.high)) for k, d in points]
        band += [(x(k), y(d.low)) for k, d in reversed(points)]
        line = [(x(k), y(d.mean)) for k, d in points]
        marks = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4"/>' for a, b in line)
        parts.append(
            f'<g class="s{number % SERIES}"><title>{safe(name)}</title>'
            f'<polygon class="band" points="{_points(band)}"/>'
            f'<polyline points="{_points(line)}"/>{marks}</g>'
        )
    return _drawing(bottom + _AXIS, about, parts)


def bars(counts: Sequence[int], edges: Sequence[float], about: str, unit: str) -> str:
    """A histogram: ``edges`` are one more than ``counts``."""
    bottom = _TOP + _BARS_HEIGHT
    most = max(counts, default=1) or 1
    size = (WIDTH - 60 - _RIGHT) / max(1, len(counts))
    parts = []
    for number, count in enumerate(counts):
        height = count / most * _BARS_HEIGHT
        told = f"{edges[number]:.0f} to {edges[number + 1]:.0f} {unit}: {count:,}"
        parts.append(
            f'<g class="s0"><title>{safe(told)}</title><rect x="{60 + number * size + 1:.1f}"'
            f' y="{bottom - height:.1f}" width="{size - 2:.1f}" height="{height:.1f}"/></g>'
        )
    for number in (0, len(counts) // 2, len(counts)):
        place = 60 + number * size
        label = f"{edges[number]:.0f} {unit}"
        parts.append(_text(place, bottom + 18, label, "middle", "tick"))
    return _drawing(bottom + _AXIS, about, parts)


def _ticks(first: float, last: float) -> list[float]:
    """Five, from one end to the other."""
    return [first + (last - first) * i / 4 for i in range(5)]


def _vertical(x: float, top: float, bottom: float, value: float, signed: bool) -> str:
    label = f"{value:+.3f}" if signed else f"{value:g}"
    zero = " zero" if signed and value == 0 else ""
    line = f'<line class="grid{zero}" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom:.1f}"/>'
    return line + _text(x, bottom + 18, label, "middle", "tick")


def _text(x: float, y: float, text: str, anchor: str, kind: str = "label") -> str:
    short = text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{safe(short)}</text>'
    )


def safe(text: str) -> str:
    """What documents and questions say, as text on one line and nothing else."""
    return escape(one_line(str(text)))


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in pairs)


def _drawing(height: float, about: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{safe(about)}">'
        + "".join(parts)
        + "</svg>"
    )
