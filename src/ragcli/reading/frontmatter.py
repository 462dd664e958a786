"""Front matter: the YAML (``---``) or TOML (``+++``) facts at the head of a Markdown file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from ragcli.reading.extracted import metadata_value

# Real front matter is a few hundred characters; the YAML parser takes up to a
# second for this much.
MAX_CHARACTERS = 64 * 1024

_YAML = re.compile(
    r"---[ \t]*(?:\r\n|\r|\n)(?:.*?(?:\r\n|\r|\n))??(?:---|\.\.\.)[ \t]*(?=[\r\n]|\Z)", re.DOTALL
)
_TOML = re.compile(
    r"\+\+\+[ \t]*(?:\r\n|\r|\n)(?:.*?(?:\r\n|\r|\n))??\+\+\+[ \t]*(?=[\r\n]|\Z)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """``char_end`` is where the document proper starts, 0 when there is no front matter.

    ``broken`` front matter has that form but could not be parsed: it holds words, no facts.
    """

    char_end: int = 0
    broken: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        """The value of a fact, whatever the case of its name."""
        return next((v for k, v in self.facts.items() if k.lower() == name), None)


def front_matter(text: str, start: int = 0) -> FrontMatter:
    """What stands between the marks at ``start``."""
    is_toml = text.startswith("+++", start)
    if not is_toml and not text.startswith("---", start):
        return FrontMatter()
    match = (_TOML if is_toml else _YAML).match(text, start, start + MAX_CHARACTERS)
    if match is None:
        return FrontMatter()
    inner = "\n".join(re.split(r"\r\n|\r|\n", match[0])[1:-1])
    try:
        # BaseLoader leaves every scalar as it is written (1.10 stays 1.10, no stays no), and it
        # has no merge keys, whose expansion is exponential.
        parsed = tomllib.loads(inner) if is_toml else yaml.load(inner, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        return FrontMatter(match.end(), broken=True)
    if isinstance(parsed, Mapping):
        return FrontMatter(match.end(), facts=_flat(parsed))
    # A thematic break, prose, and another thematic break is Markdown, not front matter.
    return FrontMatter(match.end() if parsed is None or parsed == "" else 0)


def _flat(parsed: Mapping[Any, Any]) -> dict[str, str]:
    facts = {metadata_value(str(key)): _flat_value(value) for key, value in parsed.items()}
    return {key: value for key, value in facts.items() if key and value}


def _flat_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return metadata_value(", ".join(filter(None, (_scalar(item) for item in value))))
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or (isinstance(value, Mapping | Sequence) and not isinstance(value, str)):
        return ""
    return metadata_value(str(value))
