"""The only owner of stdout and stderr.

stdout is data, stderr is talk. Both are UTF-8 whatever the locale says. What comes from documents
is cleaned before a terminal sees it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

from ragcli.errors import RagError
from ragcli.text.lines import on_one_line
from ragcli.text.unseen import CONTROL, IGNORABLE, JOINERS, UNSEEN

if TYPE_CHECKING:
    from ragcli.cli.progress import Progress
    from ragcli.domain import Listener

# Where there is no terminal to ask; also what a person's eye takes in.
DEFAULT_WIDTH = 80

# Of the terminal's own palette (ECMA-48, select graphic rendition), as its user likes them.
_COLOURS = {"green": "32", "red": "31", "yellow": "33", "cyan": "1;36", "dim": "2"}

_INVISIBLE = re.compile(f"[{JOINERS}{IGNORABLE}]")
_CONTROL = re.compile(f"[{CONTROL}]")
_ESCAPED = re.compile(f"[{JOINERS}]|{UNSEEN.pattern}")


def show_safely(text: str) -> str:
    """A text of others for a terminal: it can be read, and does nothing. Newlines and tabs stay."""
    return _CONTROL.sub(_picture, _INVISIBLE.sub("", text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """The same with all white space collapsed, newlines too."""
    return show_safely(on_one_line(text))


def _escaped(match: re.Match[str]) -> str:
    """As JSON writes a character in ASCII."""
    return json.dumps(match[0])[1:-1]


def _picture(match: re.Match[str]) -> str:
    """A visible sign for a control character (U+241B for escape); U+FFFD where there is none."""
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


class Output:
    """What a command says, and to whom. ``json`` is set by commands that were given ``--json``."""

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        *,
        quiet: bool = False,
        verbose: bool = False,
    ) -> None:
        self.json = False
        self.quiet = quiet
        self.verbose = verbose
        self._environ = environ
        self.out_is_terminal = stdout.isatty()
        self.err_is_terminal = stderr.isatty()
        self.width = _width(stdout, environ) if self.out_is_terminal else DEFAULT_WIDTH
        self._stdout = _as_utf8(stdout)
        self._stderr = _as_utf8(stderr)
        self._progress: Progress | None = None

    # ------------------------------------------------------------ stdout

    def line(self, text: str = "", *, painted: bool = False) -> None:
        """One line of data; bars end where it begins. What is ``painted`` was cleaned before."""
        self._close_progress()
        self._stdout.write((text if painted else self._shown(text)) + "\n")

    def text(self, piece: str, *, painted: bool = False) -> None:
        """A piece of data as it comes, seen at once."""
        self._stdout.write(piece if painted else self._shown(piece))
        self._stdout.flush()

    def _shown(self, text: str) -> str:
        """Whatever it holds, it does nothing to a terminal. A pipe gets it as it is."""
        return show_safely(text) if self.out_is_terminal else text

    def object(self, value: Mapping[str, Any]) -> None:
        """One JSON object on one line, seen at once. What is not seen is escaped: the value is the
        same, and a terminal that shows it does nothing."""
        self.text(_ESCAPED.sub(_escaped, json.dumps(value, ensure_ascii=False)) + "\n")

    def rich(self, renderable: Any) -> None:
        """Something of rich's for the terminal; without colour where it is not wanted."""
        from rich.console import Console

        console = Console(
            file=self._stdout,
            width=self.width,
            no_color=self.no_color,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        # Captured, because rich itself ends the process with 1 when the pipe is closed.
        with console.capture() as captured:
            console.print(renderable)
        self._stdout.write(captured.get())

    def painted(self, text: str, colour: str) -> str:
        """A text that is clean in this colour, where stdout shows any."""
        return text if self.no_color else f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"

    @property
    def no_color(self) -> bool:
        return not self.out_is_terminal or self._is_plain

    @property
    def _is_plain(self) -> bool:
        """The user, or the terminal, wants no colours."""
        return bool(self._environ.get("NO_COLOR")) or self._environ.get("TERM") == "dumb"

    # ------------------------------------------------------------ stderr

    def note(self, text: str) -> None:
        """Something worth knowing."""
        if not self.quiet:
            self._stdout.flush()  # what was said before stands above it
            self.say(self._wrapped(text))

    def prompt(self, text: str) -> None:
        """What stands before a line that is to be typed."""
        self._stderr.write(text)
        self._stderr.flush()

    def aside(self, text: str) -> None:
        """Something by the way: dim on a terminal."""
        if self.quiet or self._is_plain or not self.err_is_terminal:
            self.note(text)
            return
        self._stdout.flush()
        self._stderr.write(f"\x1b[2m{one_line(text)}\x1b[0m\n")
        self._stderr.flush()

    def warn(self, text: str) -> None:
        """Something that may be wrong."""
        self.note(f"rag: warning: {text}")

    def detail(self, text: str) -> None:
        """Something for those who asked for more."""
        if self.verbose:
            self.say(text)

    def error(self, error: RagError) -> None:
        """Why the command failed, and what to do now."""
        self.say(f"rag: error: {error.message}")
        if error.hint:
            self.say(f"hint: {error.hint}")

    def say(self, text: str) -> None:
        """A line of talk, also with ``--quiet``."""
        safe = show_safely(text)
        if self._progress is not None:
            self._progress.above(safe)
            return
        self._stderr.write(safe + "\n")
        self._stderr.flush()

    def _wrapped(self, text: str) -> str:
        """Wrapped at words for a terminal. Errors and hints are not: they are copied."""
        if not self.err_is_terminal or len(text) < DEFAULT_WIDTH // 2:
            return text
        from ragcli.cli.wrap import Wrapper

        wrapper = Wrapper(_width(self._stderr, self._environ))
        return wrapper.feed(text) + wrapper.end()

    def trace(self) -> None:
        """The traceback of the failure at hand, for ``--debug``."""
        import traceback

        self._close_progress()
        self.say(traceback.format_exc().rstrip())

    def listener(self) -> Listener:
        """Shows progress: bars on a terminal, a line now and then in a log."""
        from ragcli.cli.progress import Progress

        self._close_progress()
        dumb = self._environ.get("TERM") == "dumb"
        progress = Progress(
            self._stderr,
            self.note,
            self.say,
            drawn=self.err_is_terminal and not self.quiet and not dumb,
            no_color=bool(self._environ.get("NO_COLOR")),
        )
        self._progress = progress if progress.drawn else None
        return progress

    # ------------------------------------------------------------ the end

    def _close_progress(self) -> None:
        if self._progress is not None:
            self._progress.close()
            self._progress = None

    def flush(self) -> None:
        """Hand everything on. Raises BrokenPipeError."""
        self._stdout.flush()
        self._stderr.flush()

    def close(self) -> None:
        """Take the bars away and hand everything on. Raises BrokenPipeError."""
        self._close_progress()
        self.flush()


def _as_utf8(stream: TextIO) -> TextIO:
    """What cannot be encoded (half a surrogate pair, a file name in no encoding) is escaped."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace")
    return stream


def _width(stream: TextIO, environ: Mapping[str, str]) -> int:
    if environ.get("COLUMNS", "").isdecimal():
        return int(environ["COLUMNS"]) or DEFAULT_WIDTH
    try:
        return os.get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
    except OSError:
        return DEFAULT_WIDTH
