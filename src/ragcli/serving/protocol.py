"""What the helper and its clients agree on: the socket's place, messages, and what fits together.

A message is its length (4 bytes, most significant first) and that much JSON. A client connects,
sends one request and is sent one reply: ``{"answer": ...}``, or ``{"declined": why}``. Data only:
nothing that is received is ever run.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli import __version__
from ragcli.config import Origin, Settings, check_private
from ragcli.domain import Filter, Found, Passage, QueryResult, Step

if TYPE_CHECKING:
    import socket

# Raised with every change of a message's form.
PROTOCOL = 4

# Far above any answer (a thousand passages take 1 MB); a length beyond it is no message of ours.
MAX_MESSAGE_BYTES = 64 << 20

# The shortest `sun_path` of the systems ragcli runs on (macOS: 104 with the closing zero).
MAX_ADDRESS_BYTES = 103

# Settings that decide neither a passage nor an embedding, or that a request carries itself. All
# others must be the helper's own for it to answer.
FREE_SETTINGS = frozenset(
    {
        "mode",
        "top_k",
        "passage_tokens",
        "chunk_tokens",
        "generator",
        "entailment_model",
        "think",
        "history",
        "context_tokens",
        "answer_tokens",
        "prompt_file",
        "read_timeout_s",
        "read_memory_mb",
        "read_output_mb",
        "read_password",
        "ocr",
        "ocr_languages",
        "wait_s",
        "serve",
    }
)
# Variables, beside those of the settings, that decide which model a name means and how a server is
# reached.
VARIABLES = (
    "HOME",
    "PYTHONPATH",
    "XDG_CACHE_HOME",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HF_ENDPOINT",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
)


# ------------------------------------------------------------------ where


def folders(environ: Mapping[str, str]) -> list[Path]:
    """Where sockets may lie: the user's runtime folder, also for cron which does not name it, else
    a private one among the temporary files."""
    user = os.getuid()
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}"
    return [Path(runtime) / "ragcli", Path("/tmp") / f"ragcli-{user}"]


def usable(folder: Path) -> bool:
    """It is there, private to this user, and short enough for a socket's address."""
    try:
        check_private(folder)
    except OSError:
        return False
    return len(os.fsencode(folder / name_of(None))) <= MAX_ADDRESS_BYTES


def name_of(root: Path | None) -> str:
    """The name of the socket for a project's folder; for None, that of no project."""
    name = b"" if root is None else os.fsencode(root)
    return f"{hashlib.sha256(name).hexdigest()[:24]}.sock"


def find_socket(root: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The socket of the helper for a project, dead or alive; None where there is none."""
    for folder in folders(environ):
        place = folder / name_of(root)
        if usable(folder) and place.exists():  # in this order: another's folder may not be read
            return place
    return None


# ------------------------------------------------------------------ what fits together


def key_of(settings: Settings, origins: Mapping[str, Origin], environ: Mapping[str, str]) -> str:
    """One hash over all, beside the project, that decides an answer: where two processes have the
    same, the one may answer for the other. The settings go into it as they are, secrets too."""
    values = {k: v for k, v in asdict(settings).items() if k not in FREE_SETTINGS}
    facts = {
        "program": [__version__, __file__, sys.version],
        "settings": values,
        "layers": {name: origins[name].layer for name in values},
        "variables": [environ.get(v) or environ.get(v.lower()) for v in VARIABLES],
        "folders": [_folder(settings.model), _folder(settings.reranker)],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _folder(model: str) -> str | None:
    """Of a model that is named so: the name may be relative to where the command runs."""
    folder = Path(model).expanduser()
    return os.path.realpath(folder) if folder.is_dir() else None


# ------------------------------------------------------------------ messages


def send(link: socket.socket, message: Mapping[str, Any]) -> None:
    """Raises OSError, ValueError (too long)."""
    data = json.dumps(message).encode()
    if len(data) > MAX_MESSAGE_BYTES:
        raise ValueError("a message too long to send")
    link.sendall(len(data).to_bytes(4) + data)


def receive(link: socket.socket) -> dict[str, Any]:
    """One message. Raises OSError, ValueError (not a whole message of ours)."""
    size = int.from_bytes(_exactly(link, 4))
    if size > MAX_MESSAGE_BYTES:
        raise ValueError("not a message of ragcli")
    message = json.loads(_exactly(link, size))
    if not isinstance(message, dict):
        raise ValueError("not a message of ragcli")
    return message


def _exactly(link: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = link.recv(min(size - len(data), 1 << 20))
        if not piece:
            raise ValueError("the message breaks off")
        data += piece
    return bytes(data)


def is_ours(link: socket.socket) -> bool:
    """The process at the other end is this user's, as far as the system can tell."""
    import socket

    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder's mode lets no one else in
    credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)  # pid, uid, gid
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.getuid()


# ------------------------------------------------------------------ what messages carry


def filter_from(data: Mapping[str, Any]) -> Filter:
    return Filter(**{**data, "where": tuple((key, value) for key, value in data["where"])})


def result_from(data: Mapping[str, Any]) -> QueryResult:
    return QueryResult(
        **{
            **data,
            "passages": tuple(_passage_from(one) for one in data["passages"]),
            "warnings": tuple(data["warnings"]),
            "steps": tuple(Step(*one) for one in data["steps"]),
            "parts": tuple(data["parts"]),
        }
    )


def _passage_from(data: Mapping[str, Any]) -> Passage:
    tuples = {name: tuple(data[name]) for name in ("headings", "chunk_ids", "also_in")}
    found_by = {half: Found(**found) for half, found in data["found_by"].items()}
    return Passage(**{**data, **tuples, "found_by": found_by})


def rows_from(data: Mapping[str, Any]) -> tuple[str, list[list[float]]]:
    """(the model's name, an embedding a text)."""
    return data["model"], data["rows"]
