"""Charts and diagrams of Office documents, which lie in parts of their own."""

from __future__ import annotations

import zipfile
from itertools import zip_longest
from typing import Any

from ragcli.domain import Problem
from ragcli.reading.extracted import one_line
from ragcli.reading.office import row_line
from ragcli.reading.package import Relation, attribute, child, local_name, tree

# A chart of thousands of points shows a line, not their names.
_MAX_POINTS = 500


def drawing_ids(element: Any) -> list[str]:
    """The links to charts and diagrams that an element holds, in their order."""
    found = []
    for drawn in element.iter("{*}chart", "{*}relIds"):
        name = "id" if local_name(drawn) == "chart" else "dm"
        found.append(attribute(drawn, name))
    return [link for link in found if link]


def drawing_lines(
    package: zipfile.ZipFile, relation: Relation | None, problems: list[Problem]
) -> list[str]:
    """The text of what a link leads to: a diagram's boxes, or a chart's title, the names of its
    series, and a row for each category."""
    if relation is None or relation.kind not in ("chart", "chartEx", "diagramData"):
        return []
    root = tree(package, relation.part, problems)
    if root is None:
        return []
    lines = _chart(root) if relation.kind == "chart" else _paragraphs(root)
    return [line for line in lines if line]


def _paragraphs(root: Any) -> list[str]:
    return [one_line("".join(p.itertext("{*}t"))) for p in root.iter("{*}p")]


def _chart(root: Any) -> list[str]:
    titles = [line for title in root.iter("{*}title") for line in _paragraphs(title)]
    series = list(root.iter("{*}ser"))
    names = [" ".join(_values(child(one, "tx"))) for one in series]
    columns = [_values(_first(one, "cat", "xVal")) for one in series[:1]]
    columns += [_values(_first(one, "val", "yVal")) for one in series]
    rows = [["", *names], *zip_longest(*columns, fillvalue="")]
    return [*titles, *(row_line(row).strip() for row in rows)]


def _first(element: Any, *names: str) -> Any:
    found = (child(element, name) for name in names)
    return next((one for one in found if one is not None), None)


def _values(element: Any) -> list[str]:
    """The values kept with a chart, in the order of their indices as far as it can be told."""
    if element is None:
        return []
    return [one_line(v.text or "") for v in element.iter("{*}v")][:_MAX_POINTS]
