"""The commands: their order in the help, what each does, and the exit codes it may give.

A command's module, ``ragcli.cli.<name>`` (``_`` for ``-``; ``import_``, for that is a word of
Python's), is imported when the command is used; it holds a function of the module's name, or
``app`` where there are commands below it.
"""

from __future__ import annotations

from typing import NamedTuple

EXIT_CODES = {
    0: "done",
    1: "unexpected failure",
    2: "wrong usage or configuration",
    3: "done in part",
    4: "ran well, found nothing",
    5: "--strict was not met",
    6: "a gate was missed, or something is unmended",
    10: "no project found",
    11: "locked by another writer",
    12: "project incompatible",
    13: "project corrupt",
    20: "provider unavailable",
    130: "interrupted",
    143: "ended",
}
_ALWAYS = (0, 1, 2)
_ENDED = (130, 143)
_PROJECT = (10, 12, 13)


class Command(NamedTuple):
    """``group`` is its heading in the help; ``codes`` those beyond what every command gives. One
    without a ``summary`` is told by the line of another: the help is one screen."""

    group: str
    summary: str
    codes: tuple[int, ...] = ()

    @property
    def epilog(self) -> str:
        """The exit codes, for the end of the command's help."""
        told = (f"{code} {EXIT_CODES[code]}" for code in (*_ALWAYS, *self.codes, *_ENDED))
        return f"Exit codes: {'; '.join(told)}."


_CORPUS = "What is in it"
_SETUP = "Setting up and looking after"

COMMANDS = {
    "ingest": Command("", "Add or update files and folders", (3, 4, 10, 11, 12, 13, 20)),
    "query": Command("", "Find the passages for a question", (3, 4, *_PROJECT, 20)),
    "ask": Command("", "Answer a question, with checked citations", (4, 5, *_PROJECT, 20)),
    "status": Command("", "The project at a glance, and its problems", _PROJECT),
    "chat": Command("", "Ask on, with follow-up questions", (3, 4, *_PROJECT, 20)),
    "ls": Command(_CORPUS, "List the files", (4, *_PROJECT)),
    "show": Command(_CORPUS, "A file's stored text, as it was read", (4, *_PROJECT)),
    "chunks": Command(_CORPUS, "How a file was cut", (4, *_PROJECT)),
    "extract": Command(_CORPUS, "Any file's text, as the readers see it", (3, *_PROJECT)),
    "why-not": Command(_CORPUS, "Where a passage was lost", (4, *_PROJECT, 20)),
    "rm": Command(_CORPUS, "Take files out; with --purge for good", (3, 4, 10, 11, 12, 13)),
    "init": Command(_SETUP, "Make a project", (11,)),
    "config": Command(_SETUP, "Settings, and where each came from", (10, 12, 13)),
    "reembed": Command(_SETUP, "Switch the embedding model", (6, 10, 11, 12, 13, 20)),
    "models": Command(_SETUP, "The models here, and those worth knowing", (3, 4, *_PROJECT, 20)),
    "embed": Command(_SETUP, "Texts to embeddings", (10, 12, 13, 20)),
    "serve": Command(_SETUP, "A helper that keeps the model loaded", (4, *_PROJECT, 20)),
    "eval": Command(_SETUP, "How well it finds what answers", (3, 4, 6, *_PROJECT, 20)),
    "export": Command(_SETUP, "The project as one file, which rag import reads", _PROJECT),
    "import": Command(_SETUP, "", (11, 12, 13)),
    "doctor": Command(_SETUP, "Check everything, and name the cures", (6, 10, 11)),
}
