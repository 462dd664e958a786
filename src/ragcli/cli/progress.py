"""How far a long command is: bars on a terminal, a line now and then in a log."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, TextIO

from ragcli.domain import Event

# A log that cron mails should be read: six lines a minute at most.
LOG_EVERY_S = 10.0

_UNITS = {"reading": "files", "cutting": "documents", "embedding": "chunks"}


class Progress:
    """A listener. With ``drawn`` it draws bars: then nobody else may write to the terminal, and
    what is to be said goes above them. ``note`` may be silenced, ``say`` is always heard."""

    def __init__(
        self,
        stderr: TextIO,
        note: Callable[[str], None],
        say: Callable[[str], None],
        *,
        drawn: bool,
        no_color: bool,
    ) -> None:
        self._stderr = stderr
        self._note = note
        self._say = say
        self.drawn = drawn
        self._no_color = no_color
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}
        self._told_at = monotonic()
        self._told: set[str] = set()

    def __call__(self, event: Event) -> None:
        if event.kind == "note":
            self._note(f"note: {event.message}")
        elif event.kind == "problem":
            self._say(f"! {event.message}")
        elif self.drawn:
            self._draw(event)
        else:
            self._log(event)

    def above(self, text: str) -> None:
        """Say something without disturbing the bars."""
        if self._bars is None:
            self._stderr.write(text + "\n")
            self._stderr.flush()
        else:
            from rich.text import Text

            self._bars.console.print(Text(text), soft_wrap=True)

    def close(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def _log(self, event: Event) -> None:
        moment = monotonic()
        last = event.done == event.total and event.kind in self._told
        if moment - self._told_at < LOG_EVERY_S and not last:
            return
        self._told_at = moment
        self._told.add(event.kind)
        self._note(f"{event.kind}: {event.done:,} of {event.total:,} {_UNITS[event.kind]}")

    def _draw(self, event: Event) -> None:
        if self._bars is None:
            self._bars = _make_bars(self._stderr, self._no_color)
            self._bars.start()
        if event.kind not in self._tasks:
            self._tasks[event.kind] = self._bars.add_task(
                event.kind.capitalize(), total=event.total, unit=_UNITS[event.kind]
            )
        self._bars.update(self._tasks[event.kind], completed=event.done, total=event.total)


def _make_bars(stderr: TextIO, no_color: bool) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description:<9}"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:,}/{task.total:,} {task.fields[unit]}"),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=Console(file=stderr, no_color=no_color, highlight=False, markup=False),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
