"""What a project may name before its user trusts it.

A folder from elsewhere can bring a `.rag` with it. Until it is trusted, it may not choose where
questions, documents or keys go, nor what is downloaded: no server beyond this machine, no provider
that sends there, no model that is not here, no words for the prompt. What the user names by flag,
variable or in the own file needs no trust; but what is thought to run here and does not (an Ollama
elsewhere, a model that it runs in its cloud) is agreed to once, host by host. A project that was
made here is trusted; one that another account owns is refused (as by git's `safe.directory`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ragcli.config import Origin, Settings, user_file
from ragcli.errors import NotAgreed, ProjectUntrusted

# The setting that says where each provider sends, and how it is read.
_HOSTS = {"openai": "openai_base_url", "ollama": "ollama_host"}
# Providers whose name says that they send: who names one has agreed to its host.
_SAY_SO = frozenset({"openai"})
# A path takes a hundred bytes: of so many, those of folders that are gone can be dropped.
MANY_PROJECTS = 1000
_LOCAL = frozenset({None, "sentence-transformers", "cross-encoder"})


class Trust:
    """Of one project folder, by its path, in the user's own configuration folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def _list(self) -> Path:
        return user_file().with_name("trusted-projects")

    @property
    def given(self) -> bool:
        return self._line in self._lines()

    def give(self) -> None:
        """Trust the project from now on. Raises OSError."""
        lines = self._lines()
        if self._line in lines:
            return
        self._list.parent.mkdir(parents=True, exist_ok=True)
        if len(lines) >= MANY_PROJECTS:
            self._replace([line for line in lines if Path(json.loads(line)).is_dir()])
        with self._list.open("a", encoding="ascii") as file:
            file.write(f"{self._line}\n")

    def withdraw(self) -> None:
        """Trust it no more. Raises OSError."""
        lines = self._lines()
        if self._line in lines:
            self._replace([line for line in lines if line != self._line])

    def _replace(self, lines: list[str]) -> None:
        fresh = self._list.with_suffix(f".{os.getpid()}")
        fresh.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
        fresh.replace(self._list)

    @property
    def _line(self) -> str:
        # A name may hold a line end.
        return json.dumps(os.fspath(self._root))

    def _lines(self) -> list[str]:
        try:
            return self._list.read_text(encoding="ascii").splitlines()
        except (OSError, ValueError):
            return []


def check_owner(rag: Path) -> None:
    """Raises ProjectUntrusted for a project folder of another account, but for root's eyes."""
    owner, user = rag.stat().st_uid, os.geteuid()
    if owner != user and user != 0:
        raise ProjectUntrusted(
            f"{rag} belongs to another user (uid {owner})",
            "make a project of your own for these documents: rag ingest FOLDER --project DIR",
        )


class Choice(NamedTuple):
    """A model by its provider (None: one that runs here) and name. ``here`` says that the project
    chose it, in its file or as the one that embedded it; ``downloads`` that it is not on this
    machine."""

    provider: str | None
    model: str
    here: bool
    downloads: bool = False


def check(
    is_trusted: Callable[[], bool],
    choice: Choice,
    settings: Settings,
    origins: Mapping[str, Origin],
) -> None:
    """Before a model is asked for anything. Raises ProjectUntrusted."""
    reason = _reason(choice, settings, origins)
    if reason:
        check_named(is_trusted, reason)


def check_named(is_trusted: Callable[[], bool], reason: str) -> None:
    """``reason`` says what a project names that only a trusted one may. Raises ProjectUntrusted."""
    if not is_trusted():
        raise ProjectUntrusted(
            f"this project {reason}, and is not trusted yet: nothing was sent",
            "if it is yours, or you trust who made it: rag config trust",
        )


def _reason(choice: Choice, settings: Settings, origins: Mapping[str, Origin]) -> str:
    """What a project from elsewhere may not do; empty where there is nothing."""
    name = f"{choice.provider}:{choice.model}" if choice.provider else choice.model
    host = _HOSTS.get(choice.provider or "")
    if host is None:
        if choice.here and choice.downloads:
            return f"wants the model `{name}` downloaded"
        other = choice.here and choice.provider not in _LOCAL
        return f"chooses the provider of `{name}`" if other else ""
    from ragcli.http import CLOUD_NAMES, host_url, is_loopback  # a local model does without

    address = getattr(settings, host)
    if not is_loopback(host_url(address) if choice.provider == "ollama" else address):
        if origins[host].layer == "project":
            return f"sends to {address}"
        return f"chooses `{name}`, which sends to {address}" if choice.here else ""
    in_cloud = choice.here and choice.model.lower().endswith(CLOUD_NAMES)
    return f"chooses `{name}`, which Ollama runs in its cloud" if in_cloud else ""


def check_hosts(name: str, hosts: Iterable[str], settings: Settings) -> None:
    """Before a model is sent anything: has its user agreed to each host, where the model's name
    does not say that it sends? The next host is asked for when the one before is agreed to. Raises
    NotAgreed."""
    if name.partition(":")[0] in _SAY_SO:
        return
    agreed = [host.strip() for host in settings.remote_hosts.split(",") if host.strip()]
    for host in hosts:
        if host not in agreed:
            raise NotAgreed(name, host, ",".join([*agreed, host]))
