"""The page of ``rag eval --report``: it stands alone, and what it shows is only shown."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

EVIL = '</style><script>alert(1)</script> & "quoted" \x1b[31m'


class Reader(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def questions(project: Path) -> str:
    lines = [
        {"id": "w", "question": f"warranty? {EVIL}", "group": EVIL, "relevant": ["guide.md"]},
        {
            "id": "b",
            "question": "batteries",
            "relevant": [{"file": "guide.md", "text": "12 months"}],
        },
        {"id": "z", "question": "zebra", "relevant": [{"file": "notes.txt", "lines": 1}]},
        {"id": "o", "question": "other", "relevant": ["other.md"]},
    ]
    Path("q.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    return "q.jsonl"


def read(file: str = "page.html") -> tuple[str, Reader]:
    page = Path(file).read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    return page, reader


def plots(page: str) -> list[ElementTree.Element]:
    """The drawings, which must be well-formed XML."""
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


def test_a_run(questions, rag):
    run = rag(
        "eval", questions, "--report", "page.html", "--min", "recall@5=1", "--mode", "keyword"
    )
    assert run.code == 6
    page, reader = read()
    assert "rag eval: q.jsonl" in reader.text
    assert "recall@5 is 0.667, at least 1: missed" in reader.text
    assert "1 question left out of the figures" in reader.text
    assert "not found" in reader.text
    # Figures, recall by k, two of the group, times.
    assert len(plots(page)) >= 4
    labels = {text.text for plot in plots(page) for text in plot.iter("text")}
    assert {"recall@5", "ndcg@10", "char_recall@800t", "k = 10"} <= labels


def test_it_stands_alone_and_runs_nothing(questions, rag):
    rag("eval", questions, "--report", "page.html")
    page, reader = read()
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in reader.tags}
    assert not any({"src", "href", "onload"} & attrs.keys() for _, attrs in reader.tags)
    assert "http" not in re.sub(r'<meta http-equiv="[^"]*"', "", page)
    assert "default-src 'none'" in page
    assert "url(" not in page and "@import" not in page
    assert "alert(1)" in reader.text  # shown, not run
    assert "\x1b" not in page
    assert "prefers-color-scheme: dark" in page


def test_variants_and_earlier_runs(questions, rag):
    compared = ["eval", questions, "--compare", "mode=dense,keyword", "--report", "page.html"]
    assert rag(*compared).code == 3
    page, reader = read()
    assert "keyword minus dense" in reader.text and "Which is better" in reader.text
    assert "Time a question: keyword" in reader.text
    assert 'class="s1"' in page
    rag("eval", questions, "--save", "first")
    rag("eval", questions, "--against", "first", "--report", "page.html")
    assert "this run minus first" in read()[1].text


def test_where_it_cannot_be_written(questions, rag):
    run = rag("eval", questions, "--report", "nowhere/page.html")
    assert (run.code, run.out) == (2, "")
    assert "cannot write nowhere/page.html" in run.err
