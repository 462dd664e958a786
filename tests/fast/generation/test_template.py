"""A file in the place of the prompt's words: what it may say, and what it may not leave out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fakes.passages import passage

from ragcli.errors import UsageError
from ragcli.generation.prompt import build_prompt
from ragcli.generation.template import RULES, PromptTemplate, read_template


def written(folder: Path, text: str) -> Path:
    path = folder / "prompt.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_part_may_be_replaced_alone(tmp_path: Path) -> None:
    ours = PromptTemplate()
    theirs = read_template(written(tmp_path, 'system = "Arr. $rules"\n'))
    assert theirs == PromptTemplate("Arr. $rules", ours.user)
    text = 'user = """\n${passages}\n\nIn $language, for $$5: $question"""\n'
    assert read_template(written(tmp_path, text)).system == ours.system


def test_the_prompt_is_made_of_it(tmp_path: Path) -> None:
    path = written(
        tmp_path, 'system = "Be brief.\\n$rules"\nuser = "$question ($language)\\n$passages!"\n'
    )
    prompt = build_prompt(
        "wie lange gilt die Garantie?",
        [passage("24 months for $5 and ${question}.")],
        context_tokens=4096,
        answer_tokens=64,
        template=read_template(path),
    )
    system, user = prompt.messages
    assert system.text == f"Be brief.\n{RULES}"
    assert user.text.startswith("wie lange gilt die Garantie? (German)\n<passage n=")
    assert user.text.endswith("24 months for $5 and ${question}.\n</passage>!")
    assert prompt.size_tokens < 4096 - 64


def test_its_words_count_against_the_context(tmp_path: Path) -> None:
    long = read_template(written(tmp_path, f'system = "{"word " * 1500} $rules"\n'))
    facts = {"context_tokens": 2500, "answer_tokens": 64}
    build_prompt("Why?", [passage("So it is.")], **facts)
    with pytest.raises(UsageError, match="too small"):
        build_prompt("Why?", [passage("So it is.")], **facts, template=long)


@pytest.mark.parametrize(
    ("text", "message", "cure"),
    [
        ("", "neither `system` nor `user`", "write one"),
        ('system = "no rules"\n', "`$rules` is missing", "put $rules into it"),
        ('user = "$passages"\n', "`$question` is missing", "put $question"),
        ('user = "$question"\n', "`$passages` is missing", "put $passages"),
        ('user = "$passages $passages $question"\n', "stands there 2 times", "once"),
        ('system = "$rules $question"\n', "has no field `$question`", "$rules, $language"),
        ('user = "$passages $question $home"\n', "has no field `$home`", "$$ for a dollar"),
        ('user = "$passages $question ${a.b}"\n', "names no field", "$$ for a dollar"),
        ('user = "$passages $question costs 5$"\n', "names no field", "$$ for a dollar"),
        ('assistant = "Sure."\n', "no part `assistant`", "system and user"),
        ("system = 3\n", "is not text", 'system = """'),
        ("not toml", "cannot read", "mend the file"),
        ("#" * 20_000, "longer than 16,384 bytes", "mend the file"),
    ],
)
def test_what_is_wrong_is_told_with_its_cure(
    tmp_path: Path, text: str, message: str, cure: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_template(written(tmp_path, text))
    assert message in caught.value.message
    assert "prompt.toml" in caught.value.message
    assert cure in caught.value.hint


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_template(tmp_path / "absent.toml")
    with pytest.raises(UsageError, match="cannot read"):
        read_template(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes(b'system = "\xe9 $rules"')
    with pytest.raises(UsageError, match="cannot read"):
        read_template(path)


def test_nothing_is_called_or_looked_up(tmp_path: Path) -> None:
    path = written(tmp_path, 'system = "{rules.__class__} %(rules)s {0} $rules"\n')
    assert read_template(path).system_text(None) == f"{{rules.__class__}} %(rules)s {{0}} {RULES}"


def test_the_example_of_the_docs_is_one(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "prompt.md"
    (example,) = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    theirs = read_template(written(tmp_path, example))
    assert "workshop" in theirs.system and "The customer asks" in theirs.user
