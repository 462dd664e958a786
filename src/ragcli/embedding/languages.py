"""Which languages an embedding model was taught: what its folder states, else what is known of its
name.

A vocabulary alone does not tell. all-MiniLM-L6-v2 has pieces for every German and Russian word and
was taught neither; a byte-level vocabulary lacks nothing at all.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ragcli.text.scripts import SCRIPTS

# Stands for all languages of a model that was taught dozens: none is thought to be missing.
EVERY = frozenset({"multilingual"})

_ENGLISH = frozenset({"en"})
_CHINESE = frozenset({"zh", "en"})

# (what a model's name holds, the languages): the first that matches counts, the special before the
# general. From the models' own pages.
_KNOWN = (
    (r"multilingual|bge-m3|labse|distiluse|embed.*-v2\.0|v2-moe|qwen3-embedding|gemma", EVERY),
    (r"text-embedding-(3|ada-002)|jina-embeddings-v[3-9]|arctic-embed2|mistral|bge-multi", EVERY),
    (r"bge-\w+-zh|gte-\w+-zh|text2vec|m3e|stella-.*zh|embeddings-v2-base-zh", _CHINESE),
    (r"embeddings-v2-base-(de|es|code)", None),
    (r"all-(minilm|mpnet|distilroberta|roberta)|multi-qa-|msmarco-|gtr-t5|sentence-t5", _ENGLISH),
    (
        r"bge-\w+-en|\bbge-(small|base|large|micro)|mxbai-embed|nomic-embed-text|arctic-embed",
        _ENGLISH,
    ),
    (
        r"\be5-(small|base|large)|\bgte-(tiny|small|base|large|modernbert)|potion-(base|retr)",
        _ENGLISH,
    ),
    (r"embeddings-v2-(base|small)-en|static-retrieval-mrl-en|granite-embedding-\d+m-eng", _ENGLISH),
)

# To be offered in this order: good by public comparisons, free, without code of their own.
MULTILINGUAL = (
    "BAAI/bge-m3",
    "Qwen/Qwen3-Embedding-0.6B",
    "intfloat/multilingual-e5-large",
    "intfloat/multilingual-e5-base",
    "intfloat/multilingual-e5-small",
    "sentence-transformers/paraphrase-multilingual-mpnet-base-v2",
    "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
)

# Who names so many languages names those that were tested.
_DOZENS = 12

_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_LANGUAGE = re.compile(
    r"^language:[ \t]*(?:\[[^\]]*\]|\S+)?[ \t]*\n?(?:[ \t]*-[ \t]*\S+\n?)*", re.MULTILINE
)
_CODE = re.compile(r"\b(?:[a-z]{2}|multilingual)\b")


def taught(name: str, folder: Path | None = None) -> frozenset[str] | None:
    """ISO 639-1 codes, EVERY, or None where nobody says. ``folder`` holds the model where it lies
    on this machine: its README begins with what the hub shows."""
    stated = _stated(folder) if folder else None
    if stated is not None:
        return stated
    bare = name.lower()
    return next((known for part, known in _KNOWN if re.search(part, bare)), None)


def foreign_share(text: str, languages: frozenset[str] | None) -> float:
    """The share of a text's letters, 0 to 1, in scripts of none of the languages."""
    if text.isascii() or languages is None or languages == EVERY:
        return 0.0
    letters = sum(map(str.isalpha, text))
    return min(1.0, len(_foreign(languages).findall(text)) / letters) if letters else 0.0


def _stated(folder: Path) -> frozenset[str] | None:
    try:
        readme = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    front = _FRONT_MATTER.match(readme)
    found = _LANGUAGE.search(front[1] + "\n") if front else None
    codes = set(_CODE.findall(found[0].partition(":")[2])) if found else set()
    return EVERY if codes & EVERY or len(codes) >= _DOZENS else frozenset(codes) or None


@cache
def _foreign(languages: frozenset[str]) -> re.Pattern[str]:
    outside = [letters for letters, of in SCRIPTS if not languages & set(of.split())]
    return re.compile(f"[{''.join(outside)}]")
