"""What a model was taught is read from its folder, else known by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli.embedding.languages import EVERY, foreign_share, taught

ENGLISH = frozenset({"en"})


@pytest.mark.parametrize(
    ("front", "languages"),
    [
        ("language: en\nlicense: mit", {"en"}),
        ("language:\n- en\n- de\nlicense: mit", {"en", "de"}),
        ("license: mit\nlanguage: [zh, en]", {"zh", "en"}),
        ("language: multilingual\n", EVERY),
        ("language:\n- multilingual\n- en\n", EVERY),
        (
            "language:\n" + "".join(f"- a{c}\n" for c in "abcdefghijkl"),
            EVERY,
        ),
        ("license: mit\ntags:\n- en", None),
    ],
)
def test_the_readme_states_the_languages(
    tmp_path: Path, front: str, languages: frozenset[str] | None
) -> None:
    (tmp_path / "README.md").write_text(f"---\n{front}\n---\n# A model\nlanguage: fr\n")
    assert taught("my/own", tmp_path) == languages


def test_without_a_statement_the_name_counts(tmp_path: Path) -> None:
    assert taught("sentence-transformers/all-MiniLM-L6-v2", tmp_path) == ENGLISH
    (tmp_path / "README.md").write_text("# A model\n")
    assert taught("BAAI/bge-m3", tmp_path) == EVERY
    assert taught("my/own", tmp_path) is None


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("ollama:all-minilm", ENGLISH),
        ("BAAI/bge-small-en-v1.5", ENGLISH),
        ("BAAI/bge-small-zh-v1.5", {"zh", "en"}),
        ("intfloat/e5-base-v2", ENGLISH),
        ("intfloat/multilingual-e5-base", EVERY),
        ("ollama:nomic-embed-text", ENGLISH),
        ("ollama:nomic-embed-text-v2-moe", EVERY),
        ("Snowflake/snowflake-arctic-embed-m-v2.0", EVERY),
        ("ollama:snowflake-arctic-embed:110m", ENGLISH),
        ("openai:text-embedding-3-small", EVERY),
    ],
)
def test_the_special_name_comes_before_the_general(name: str, languages: frozenset[str]) -> None:
    assert taught(name) == languages


def test_a_script_of_no_language_of_the_model_is_foreign() -> None:
    assert foreign_share("Как работает страхование?", ENGLISH) == 1
    assert foreign_share("naïve café", ENGLISH) == 0
    assert foreign_share("α-helix", ENGLISH) == pytest.approx(1 / 6)
    assert foreign_share("страхование", frozenset({"en", "uk"})) == 0
    assert foreign_share("страхование", None) == foreign_share("страхование", EVERY) == 0
