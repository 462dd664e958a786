"""How far a long command is: bars on a terminal, a line now and then in a log."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, TextIO

from ragcli.cli.wording import duration
from ragcli.domain import Event

# A log that cron mails should be read: six lines a minute at most.
LOG_EVERY_S = 10.0

# A rate is that of the last minute: files and texts differ in length, and the first may wait for a
# model. Before ten seconds have passed nobody knows how long the rest will take.
WINDOW_S = 60.0
KNOWN_AFTER_S = 10.0

_UNITS = {
    "reading": "files",
    "cutting": "documents",
    "embedding": "chunks",
    "asking": "questions",
}
# While these go on, the number of chunks grows.
_MAKE_CHUNKS = ("reading", "cutting")


class Pace:
    """How fast one kind of work goes, over a sliding window."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, moment: float, done: int) -> None:
        """``done`` are done by this moment."""
        # A mark a second is enough, and the last one is always the newest.
        if len(self._marks) > 1 and moment - self._marks[-2][0] < 1.0:
            self._marks.pop()
        self._marks.append((moment, done))
        while len(self._marks) > 2 and moment - self._marks[1][0] > WINDOW_S:
            self._marks.popleft()

    @property
    def per_s(self) -> float | None:
        """None while it cannot be known."""
        (first_at, first), (last_at, last) = self._marks[0], self._marks[-1]
        if last_at - first_at < KNOWN_AFTER_S or last <= first:
            return None
        return (last - first) / (last_at - first_at)


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
        self._last: dict[str, Event] = {}
        self._paces: dict[str, Pace] = {}

    def __call__(self, event: Event) -> None:
        if event.kind == "note":
            self._note(f"note: {event.message}")
        elif event.kind == "fetching":
            self._note(f"Fetching {event.message}")
        elif event.kind == "problem":
            self._say(f"! {event.message}")
        else:
            moment = monotonic()
            self._last[event.kind] = event
            self._paces.setdefault(event.kind, Pace()).mark(moment, event.done)
            if self.drawn:
                self._draw(event)
            else:
                self._log(event, moment)

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

    # ------------------------------------------------------------ what is known

    def _is_growing(self, kind: str) -> bool:
        """More may come: files are still read or documents cut."""
        makers = (self._last[k] for k in _MAKE_CHUNKS if k in self._last)
        return kind == "embedding" and any(e.done < e.total for e in makers)

    def _rest(self, event: Event) -> str:
        """``41.2 chunks/s, 2 h 5 min left``, as far as it is known."""
        pace = self._paces[event.kind].per_s
        if pace is None or event.done == event.total:
            return ""
        told = f"{pace:,.1f} {_UNITS[event.kind]}/s"
        if self._is_growing(event.kind):
            return told
        return f"{told}, {duration((event.total - event.done) / pace)} left"

    def _count(self, event: Event) -> str:
        so_far = " so far" if self._is_growing(event.kind) else ""
        return f"{event.done:,} of {event.total:,} {_UNITS[event.kind]}{so_far}"

    # ------------------------------------------------------------ where it is shown

    def _log(self, event: Event, moment: float) -> None:
        last = event.done == event.total and event.kind in self._told
        last = last and not self._is_growing(event.kind)
        if moment - self._told_at < LOG_EVERY_S and not last:
            return
        self._told_at = moment
        self._told.add(event.kind)
        under_way = [e for e in self._last.values() if e.done < e.total or e is event]
        told = []
        for one in under_way:
            rest = self._rest(one)
            told.append(f"{one.kind}: {self._count(one)}{f' ({rest})' if rest else ''}")
        self._note("; ".join(told))

    def _draw(self, event: Event) -> None:
        if self._bars is None:
            self._bars = _make_bars(self._stderr, self._no_color)
            self._bars.start()
        told = {"count": self._count(event), "rest": self._rest(event)}
        if event.kind not in self._tasks:
            description = event.kind.capitalize()
            self._tasks[event.kind] = self._bars.add_task(description, total=event.total, **told)
        task = self._tasks[event.kind]
        self._bars.update(task, completed=event.done, total=event.total, **told)


def _make_bars(stderr: TextIO, no_color: bool) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.description:<9}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[count]}"),
        TextColumn("{task.fields[rest]}"),
        console=Console(file=stderr, no_color=no_color, highlight=False, markup=False),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
