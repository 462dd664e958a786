"""``rag serve``: a helper that keeps the model loaded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ragcli.cli.opening import speaking
from ragcli.cli.options import Common, Models, grouped
from ragcli.cli.output import Output
from ragcli.cli.values import seconds
from ragcli.errors import ProjectNotFound, RagError, UsageError

IDLE = "10m"
# A helper that was told to stop is done with its last request by then.
STOP_S = 5.0
POLL_S = 0.02


@grouped
def serve(
    detach: Annotated[
        bool, typer.Option("--detach", help="Go on in the background once it is ready.")
    ] = False,
    idle: Annotated[
        str, typer.Option("--idle", metavar="TIME", help="End when nobody asks for so long.")
    ] = IDLE,
    status: Annotated[
        bool, typer.Option("--status", help="Say whether one runs, and what it does.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the one that runs.")] = False,
    *,
    models: Models,
    common: Common,
) -> None:
    """Keep the model loaded for query, ask and embed in this project.

    They find the helper by themselves and answer the same as without it, sooner. Without a project
    it embeds only. It writes nothing, and ends when it is idle or its project is made anew.
    """
    if sum((detach, status, stop)) > 1:
        raise UsageError("--detach, --status and --stop exclude each other", "choose one of them")
    idle_s = seconds(idle)
    with speaking(common) as output:
        from ragcli.serving import server

        root = _root(common.project)
        place = server.place_for(root, os.environ)
        if status:
            _show_status(root, place, output)
        elif stop:
            _stop(root, place, output)
        else:
            ready = _in_background(output) if detach else _nothing
            _serve(root, models.settings, place, idle_s, output, ready)


def _root(project: str | None) -> Path | None:
    """The project's folder; None outside any."""
    from ragcli.store.folder import find

    try:
        return find(project, os.environ, Path.cwd()).root
    except ProjectNotFound:
        if project or os.environ.get("RAG_PROJECT"):
            raise
        return None


def _nothing() -> None:
    """A helper in the foreground goes on as it is."""


def _serve(
    root: Path | None,
    flags: Mapping[str, Any],
    place: Path,
    idle_s: float,
    output: Output,
    ready: Callable[[], None],
) -> None:
    from ragcli.serving import server
    from ragcli.serving.resident import Resident

    try:
        with server.claimed(place):
            served = server.Server(Resident(root, os.environ, flags), place, idle_s)
            with served.open() as listener:
                _tell(served.status(), output)
                ready()
                output.note(f"ended: {served.run(listener)}")
    except server.Running:
        output.note(f"a helper runs already, {_for(root)} (pid {server.holder(place)})")
        if output.json:
            _show_status(root, place, output)


def _tell(about: Mapping[str, Any], output: Output) -> None:
    if output.json:
        output.object(_shape(about))
    root = about["project"]
    output.note(
        f"serving {about['model']} {_for(root)} (pid {about['pid']}); end it: rag serve --stop"
        + (f" --project {root}" if root else "")
    )
    if not root:
        output.note("there is no project here, so it only embeds")


def _for(root: Path | str | None) -> str:
    return f"for {root}" if root else "for no project"


# ------------------------------------------------------------------ the background


def _in_background(output: Output) -> Callable[[], None]:
    """Go on in a child of this process; what it calls when it is ready.

    The parent waits for that, and ends. A child that fails before has told why, and the parent
    ends with its exit code.
    """
    output.flush()  # or both would write what is held back
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        if os.read(reading, 1):
            raise typer.Exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        raise typer.Exit(code if code >= 0 else 1)
    os.close(reading)
    os.setsid()  # a closed terminal, or its Ctrl-C, is not meant for it

    def ready() -> None:
        output.flush()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        os.close(null)
        os.write(writing, b".")
        os.close(writing)

    return ready


# ------------------------------------------------------------------ the one that runs


def _show_status(root: Path | None, place: Path, output: Output) -> None:
    about = _ask("status", place)
    if output.json:
        output.object(_shape(about or {"project": root and str(root)}))
    elif about is not None:
        for name in ("pid", "project", "model", "idle_s", "requests"):
            output.line(f"{name:<10}{'-' if about[name] is None else about[name]}")
    if about is None:
        output.note(f"no helper runs {_for(root)}")
        raise typer.Exit(4)


def _stop(root: Path | None, place: Path, output: Output) -> None:
    from ragcli.serving import server

    about = _ask("stop", place)
    end = time.monotonic() + STOP_S
    while about is not None and server.holder(place) is not None and time.monotonic() < end:
        time.sleep(POLL_S)
    if output.json:
        output.object(_shape({"project": root and str(root)}))
    elif about is None:
        output.note(f"no helper runs {_for(root)}")
    else:
        output.note(f"ended the helper {_for(root)}")


def _ask(kind: str, place: Path) -> dict[str, Any] | None:
    """What the helper says; None where there is none. Raises RagError for one that hangs."""
    from ragcli.serving import client, server

    pid = server.holder(place)
    if pid is None:
        return None
    reply = client.ask(place, {"kind": kind})
    if "answer" not in reply:
        raise RagError(
            f"the helper (pid {pid}) does not answer: {reply['declined']}",
            f"it may still be loading its model; end it: kill {pid}",
        )
    answer: dict[str, Any] = reply["answer"]
    return answer


def _shape(about: Mapping[str, Any]) -> dict[str, Any]:
    names = ("pid", "project", "model", "idle_s", "requests")
    return {
        "schema": "ragcli.serve/1",
        "running": "pid" in about,
        **{name: about.get(name) for name in names},
    }
