"""``rag config``: settings, and where each came from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from ragcli.cli.opening import speaking
from ragcli.cli.options import Common, grouped
from ragcli.cli.output import Output, one_line
from ragcli.cli.table import COMMANDS
from ragcli.config import Origin, Settings, parse_value, user_file
from ragcli.errors import ProjectNotFound, UsageError
from ragcli.settings_file import write_value

MASK = "********"
_SECRETS = frozenset(f.name for f in fields(Settings) if f.metadata["secret"])
_OWN = frozenset(f.name for f in fields(Settings) if f.metadata["own"])

app = typer.Typer(
    help="Settings, and where each came from. Flags, RAG_* variables, the project's file, the"
    " user's file: the first that names one decides.",
    epilog=COMMANDS["config"].epilog,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="See: rag config show.")]


@app.command(epilog=COMMANDS["config"].epilog)
@grouped
def get(key: KeyArgument, *, common: Common) -> None:
    """Print the value in force; nothing where there is none."""
    with speaking(common) as output:
        _check(key)
        settings, origins = _in_force(common.project)
        _print(output, settings, {key: origins[key]}, alone=True)


@app.command(epilog=COMMANDS["config"].epilog)
@grouped
def show(*, common: Common) -> None:
    """Print all settings and where each came from."""
    with speaking(common) as output:
        settings, origins = _in_force(common.project)
        _print(output, settings, origins, alone=False)


@app.command("set", epilog=COMMANDS["config"].epilog)
@grouped
def set_(
    key: KeyArgument,
    value: Annotated[str | None, typer.Argument(metavar="VALUE")] = None,
    unset: Annotated[bool, typer.Option("--unset", help="Take it out of the file.")] = False,
    user: Annotated[bool, typer.Option("--user", help="In your own file, for all projects.")] = (
        False
    ),
    *,
    common: Common,
) -> None:
    """Write a setting into the project's config.toml, or with --user into your own."""
    if (value is None) != unset:
        raise UsageError("name a VALUE, or --unset", f"rag config set {key} VALUE")
    with speaking(common) as output:
        if not unset:
            _check(key)
        if key in _OWN and not user and not unset:
            raise UsageError(
                f"`{key}` is yours alone, and a project's config.toml may be shared",
                f"put it into your own file with --user, or into the environment: {_variable(key)}",
            )
        file = user_file() if user else _project_file(common.project)
        write_value(file, key, None if value is None else parse_value(key, value))
        output.note(f"{'removed from' if unset else 'written to'} {file}")
        _tell_model(key, file, output, user=user)
        if common.json:
            settings, origins = _in_force(common.project)
            _print(output, settings, {key: origins[key]}, alone=False)


@app.command(epilog=COMMANDS["config"].epilog)
@grouped
def trust(*, common: Common) -> None:
    """Let this project name servers, providers and models. One made here may."""
    with speaking(common) as output:
        from ragcli.trust import Trust

        root = _project_file(common.project).parent.parent
        Trust(root).give()
        output.note(f"trusted from now on: {root}")
        if common.json:
            settings, origins = _in_force(common.project)
            _print(output, settings, origins, alone=False)


def _check(key: str) -> None:
    if key not in {f.name for f in fields(Settings)}:
        raise UsageError(f"there is no setting `{key}`", "see what there is: rag config show")


def _variable(key: str) -> str:
    return next(
        f.metadata["env"] or f"RAG_{key.upper()}" for f in fields(Settings) if f.name == key
    )


def _in_force(project: str | None) -> tuple[Settings, dict[str, Origin]]:
    """The project's settings; outside any project, the user's."""
    from ragcli.config import settings_for
    from ragcli.rag import Rag

    try:
        with Rag.open(project) as rag:
            return rag.settings, rag.origins
    except ProjectNotFound:
        if project or os.environ.get("RAG_PROJECT"):
            raise
        return settings_for(None, {}, os.environ)


def _print(
    output: Output, settings: Settings, origins: Mapping[str, Origin], *, alone: bool
) -> None:
    values = {name: _value(settings, name) for name in origins}
    if output.json:
        shown = {
            name: {"value": values[name], "origin": origin.layer, "detail": origin.detail}
            for name, origin in origins.items()
        }
        output.object({"schema": "ragcli.config/1", "settings": shown})
        return
    for name, origin in origins.items():
        text = "" if values[name] is None else str(values[name])
        text = one_line(text) if output.out_is_terminal else text
        if alone:
            output.line(text)
            continue
        where = origin.detail or origin.layer
        output.line(f"{name:<17}{text or '-':<41}{where}")


def _value(settings: Settings, name: str) -> Any:
    value = getattr(settings, name)
    return MASK if name in _SECRETS and value is not None else value


def _project_file(project: str | None) -> Path:
    """Found without reading the settings: a file that is wrong can be mended."""
    from ragcli.store.folder import find

    return find(project, os.environ, Path.cwd()).config


def _tell_model(key: str, file: Path, output: Output, *, user: bool) -> None:
    if key != "model" or user:
        return
    from ragcli.rag import Rag

    with Rag.open(file.parent) as rag:
        note = rag.note_on_model()
        if note:
            output.note(f"note: {note}; switch it with: rag reembed --model {rag.settings.model}")
