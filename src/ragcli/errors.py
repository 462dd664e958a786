"""Every failure ragcli raises on purpose, in one tree.

    RagError                        1   unexpected failure
    ├── UsageError                  2   wrong usage or configuration
    │   └── NotAgreed               2   it would send to a host that the user has not agreed to
    ├── NotInProject                4   ran well, found nothing under that name
    ├── ProjectNotFound            10
    ├── ProjectLocked              11   another writer holds the project
    ├── ProjectIncompatible        12   unknown format version
    │   ├── ModelMismatch          12   another model than the one that embedded
    │   └── ProjectUntrusted       12   somebody else's, or it names what only its user may
    ├── ProjectCorrupt             13
    ├── ProviderUnavailable        20   model missing, Ollama not running, extra not installed
    │   └── AnswerVoid             20   what came counts for nothing: a cut prompt, bare thoughts
    ├── Unreadable                  3   one file or page; recorded in the ledger, never ends a run
    └── TextTooLong                 2   longer than the model's limit; never cut silently

Each error owns a lower-case sentence, a hint that says what to do now, and an exit code. The
command line translates them in one place (``cli/failures.py``).

When to raise, warn or record: raise when the command cannot do what was asked; put a sentence in
a result's ``warnings`` when it could, but the reader of the result should know something; record
in the ledger what concerns one file or page.
"""

from __future__ import annotations


class RagError(Exception):
    """The root. ``str(error)`` is the sentence, ``error.hint`` the cure."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RagError):
    exit_code = 2


class NotAgreed(UsageError):
    """``host`` is where ``name`` would send to."""

    def __init__(self, name: str, host: str, agreed: str) -> None:
        super().__init__(
            f"`{name}` sends what it is asked, and what it reads, to {host}, and you have not"
            " agreed to that: nothing was sent",
            f"if that is what you want: rag config set remote_hosts {agreed} --user",
        )
        self.name = name
        self.host = host
        self.agreed = agreed


class NotInProject(RagError):
    exit_code = 4


class ProjectNotFound(RagError):
    exit_code = 10


class ProjectLocked(RagError):
    exit_code = 11


class ProjectIncompatible(RagError):
    exit_code = 12


class ModelMismatch(ProjectIncompatible):
    pass


class ProjectUntrusted(ProjectIncompatible):
    pass


class ProjectCorrupt(RagError):
    exit_code = 13


class ProviderUnavailable(RagError):
    exit_code = 20


class AnswerVoid(ProviderUnavailable):
    pass


class Unreadable(RagError):
    """A reader's verdict on one file or page; ``code`` is a stable word for programs."""

    exit_code = 3

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.code = code


class TextTooLong(RagError):
    """``index`` is the position of the text in the batch that was given."""

    exit_code = 2

    def __init__(self, index: int, size_tokens: int | None, max_tokens: int) -> None:
        size = f"{size_tokens} tokens" if size_tokens else "too many tokens"
        super().__init__(
            f"the text has {size}; the model takes {max_tokens}",
            "shorten it, or choose a model with a longer limit",
        )
        self.index = index
