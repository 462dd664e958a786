"""Groups of options, as typer sees them and as a command gets them."""

from __future__ import annotations

from typing import Any

import typer
from typer.main import get_command

from ragcli.cli.options import Common, Only, TopKOption, grouped

got: list[Any] = []


@grouped
def command(
    file: str, top_k: TopKOption = 7, *, only: Only, loud: bool = False, common: Common
) -> None:
    """What it does."""
    got.append((file, top_k, only, loud, common))


def made() -> Any:
    app = typer.Typer(add_completion=False)
    app.command()(command)
    return get_command(app)


def test_a_group_is_spread_where_it_stands():
    names = [parameter.name for parameter in made().params]
    assert names == ["file", "top_k", *Only._fields, "loud", *Common._fields]
    assert made().help == "What it does."


def test_the_command_gets_it_whole_again():
    got.clear()
    made()(["a.md", "--type", "pdf", "--where", "a=b", "--json", "-q"], standalone_mode=False)
    made()(["b.md", "-k", "3"], standalone_mode=False)
    assert got == [
        ("a.md", 7, Only(type="pdf", where=["a=b"]), False, Common(json=True, quiet=True)),
        ("b.md", 3, Only(), False, Common()),
    ]
