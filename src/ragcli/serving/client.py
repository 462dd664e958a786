"""Asking the helper. Nothing here fails: where it does not answer, there is no answer."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ragcli import __version__
from ragcli.config import Origin, Settings
from ragcli.domain import Filter
from ragcli.rag import Rag
from ragcli.serving import protocol

if TYPE_CHECKING:
    from ragcli.background import Deadline
    from ragcli.domain import Mode, QueryResult

log = logging.getLogger("ragcli")

T = TypeVar("T")

# The longest silence of the helper, in which the command could nearly have answered itself: about
# five times a cold question.
SILENCE_S = 2.0

# A socket cannot wait for nothing.
LEAST_SILENCE_S = 0.05

# Texts that are embedded by one request: with the default model half a second's work at most, as
# other clients wait.
TEXTS_AT_ONCE = 8


class Helper:
    """The helper of a project, or of no project. Once it has failed it is not asked again."""

    def __init__(
        self,
        root: Path | None,
        settings: Settings,
        origins: Mapping[str, Origin],
    ) -> None:
        self._root = root
        self._settings = settings
        self._origins = origins
        self._given_up = settings.serve == "never"
        self._missed = False

    def close(self) -> None:
        """Start one for the next command, where this one missed it and the settings say so."""
        if self._missed and self._settings.serve == "start":
            start_for_the_next(self._root)

    def query(
        self,
        question: str,
        *,
        top_k: int | None = None,
        passage_tokens: int | None = None,
        mode: Mode | None = None,
        chosen: Filter | None = None,
        explain: bool = False,
        deadline: Deadline | None = None,
    ) -> QueryResult | None:
        """What ``Rag.query`` gives; None where the helper does not answer."""
        rerank_s = 0.0 if self._settings.reranker == "off" else self._settings.rerank_s
        silence_s = SILENCE_S + rerank_s
        return self._ask(
            "query",
            protocol.result_from,
            silence_s
            if deadline is None
            else min(silence_s, max(deadline.left_s, LEAST_SILENCE_S)),
            question=question,
            top_k=self._settings.top_k if top_k is None else top_k,
            passage_tokens=(
                self._settings.passage_tokens if passage_tokens is None else passage_tokens
            ),
            mode=mode or self._settings.mode,
            chosen=asdict(chosen or Filter()),
            explain=explain,
            deadline_s=None if deadline is None else deadline.left_s,
        )

    def note_on_model(self) -> tuple[str | None] | None:
        """What ``Rag.note_on_model`` gives, as a tuple of one; None where there is no answer."""
        return self._ask("note", lambda answer: (answer["note"],))

    def embed(self, texts: Sequence[str], kind: str) -> tuple[str, list[list[float]]] | None:
        """The model's name and a row a text; None where the helper does not answer for all.
        ``kind`` is ``document`` or ``query``."""
        model, rows = "", []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            some = texts[start : start + TEXTS_AT_ONCE]
            answer = self._ask("embed", protocol.rows_from, texts=some, kind_of_text=kind)
            if answer is None:
                return None
            model = answer[0]
            rows += answer[1]
        return model, rows

    def likeness(self, question: str, texts: Sequence[str]) -> list[float] | None:
        """What ``Rag.likeness`` gives; None where there is no answer."""

        def near(answer: dict[str, list[float]]) -> list[float]:
            return answer["near"]

        return self._ask("likeness", near, question=question, texts=texts)

    @cached_property
    def _key(self) -> str:
        return protocol.key_of(self._settings, self._origins, os.environ)

    def _ask(
        self, kind: str, read: Callable[[Any], T], silence_s: float = SILENCE_S, **what: Any
    ) -> T | None:
        """What ``read`` makes of the answer, if it comes within ``silence_s``."""
        if self._given_up:
            return None
        place = protocol.find_socket(self._root, os.environ)
        if place is None:
            self._given_up = self._missed = True
            return None
        about = {"protocol": protocol.PROTOCOL, "ragcli": __version__, "key": self._key}
        reply = ask(place, {**about, "kind": kind, **what}, silence_s)
        if "answer" in reply:
            try:
                return read(reply["answer"])
            except (TypeError, KeyError, ValueError, AttributeError):
                reply = {"declined": "no answer of this ragcli"}
        log.debug("the helper does not answer: %s", reply["declined"])
        self._missed = self._given_up = bool(reply.get("silent"))
        return None


def ask(place: Path, request: Mapping[str, Any], silence_s: float = SILENCE_S) -> dict[str, Any]:
    """The reply of the helper whose socket this is. Where nobody replies, ``declined`` says why,
    and ``silent`` is true."""
    import socket

    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(silence_s)
            link.connect(os.fspath(place))
            if not protocol.is_ours(link):
                raise PermissionError("it is another user's")
            protocol.send(link, request)
            reply = protocol.receive(link)
    except TimeoutError:
        return {"declined": f"nothing within {silence_s:g} s", "silent": True}
    except (OSError, ValueError) as error:
        return {"declined": str(error), "silent": True}
    return reply if reply.keys() & {"answer", "declined"} else {"declined": "no reply of ragcli"}


def start_for_the_next(root: Path | None) -> None:
    """Start a helper, and do not wait for it: it is for the next command."""
    import sys

    # -P: a module of the current folder is not ours.
    code = "from ragcli.cli.start import main; main()"
    command = [sys.executable, "-P", "-c", code, "serve", "--detach", "--quiet"]
    if root is not None:
        command += ["--project", os.fspath(root)]
    streams = [(os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_RDWR, 0) for n in range(3)]
    os.posix_spawn(sys.executable, command, os.environ, file_actions=streams)


class HelpedRag(Rag):
    """An open project whose questions go to its helper first, and to itself where none answers."""

    @cached_property
    def _helper(self) -> Helper:
        return Helper(self.folder.root, self.settings, self.origins)

    def close(self) -> None:
        super().close()
        self._helper.close()

    def note_on_model(self) -> str | None:
        if self.origins["model"].layer not in ("project", "user"):
            return None
        note = self._helper.note_on_model()
        return super().note_on_model() if note is None else note[0]

    def query(self, question: str, *, verify: bool = False, **options: Any) -> QueryResult:
        found = self._helper.query(question, **options)
        if found is None:
            return super().query(question, verify=verify, **options)
        return self._verified(found, options.get("chosen")) if verify else found

    def likeness(self, question: str, texts: Sequence[str]) -> list[float]:
        near = self._helper.likeness(question, texts)
        return super().likeness(question, texts) if near is None else near
