"""A model's ONNX export in the user's cache: found, checked, made once, shared by all projects.

    models/<model>-<precision>-<cpu>-ort<version>/
        graph.onnx      the optimised graph
        weights.bin     its weights, packed for this processor, memory-mapped when loaded
        manifest.json   the files' hashes, how well it agrees, what it gave for a probe

The packing depends on the processor and on ONNX Runtime's version, so both are in the name. A
model that cannot be exported has a manifest alone, which says why.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ragcli.config import cache_folder, spare_cache_folder
from ragcli.models import Unfit, log

# Raise it when other files are made from the same model: older ones are then left alone.
EXPORT_VERSION = 2

EXPORTS = "models"  # in the cache folder
_CHECKSUM = "checksum"  # of all else in the manifest
GRAPH, WEIGHTS, MANIFEST = "graph.onnx", "weights.bin", "manifest.json"

# Exports of other versions of ONNX Runtime that nobody loaded for so long are deleted.
_ABANDONED_AFTER_S = 30 * 86400

_CPUINFO_BYTES = 1 << 14  # the first processor's entry; there may be hundreds


class Source(Protocol):
    """The folder of a model that is exported, as its stage describes it."""

    @property
    def path(self) -> Path: ...

    @property
    def weights(self) -> str:
        """A hash of weights and tokenizer."""

    @property
    def configuration(self) -> str:
        """A hash of all else that decides what the model computes."""

    @property
    def exporter(self) -> str:
        """The module that exports such a model: ``python -m MODULE MODEL_FOLDER NEW_FOLDER
        PRECISION``."""


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """An export that is there and whole. ``inputs`` are the graph's, in order; ``probe`` is what
    it gave for its exporter's probe when it was made; ``agreement_mean`` and ``agreement_worst``
    compare with sentence-transformers, in the exporter's measure."""

    folder: Path
    inputs: tuple[str, ...]
    pad_id: int
    precision: str
    probe: tuple[float, ...] = ()
    agreement_mean: float = 0.0
    agreement_worst: float = 0.0


def export_name(model: Source, precision: str, runtime: str) -> str:
    """The name of this model's export on this machine, for this version of ONNX Runtime."""
    facts = f"{EXPORT_VERSION} {model.exporter} {model.weights} {model.configuration}"
    name = hashlib.sha256(facts.encode()).hexdigest()[:16]
    return f"{name}-{precision}-{_cpu()}-ort{runtime}"


def exports(model: Source, precision: str) -> list[Path]:
    """Where this model was exported on this machine, for whatever version of ONNX Runtime."""
    found: list[Path] = []
    for base in (cache_folder, spare_cache_folder):
        with suppress(OSError):
            found += sorted((base() / EXPORTS).glob(export_name(model, precision, "*[0-9]")))
    return found


def find(folder: Path) -> OnnxModel | None:
    """The export in this folder; None when there is none, or one that is damaged.

    Raises Unfit when it is known that the model cannot be exported.
    """
    try:
        manifest = _manifest(folder)
        if reason := manifest.get("unfit"):
            raise Unfit(reason)
        if not _is_whole(folder, manifest):
            return None
        return OnnxModel(
            folder=folder,
            inputs=tuple(manifest["inputs"]),
            pad_id=manifest["pad_id"],
            precision=manifest["precision"],
            probe=tuple(manifest["probe"]),
            agreement_mean=manifest["agreement_mean"],
            agreement_worst=manifest["agreement_worst"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def damage(folder: Path) -> str | None:
    """What is wrong with the files of an export, every hash compared; None when nothing is."""
    try:
        manifest = _manifest(folder)
        for name, known in manifest.get("files", {}).items():
            if _sha256(folder / name) != known["sha256"]:
                return f"{name} has other contents than when it was made"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return str(error)
    return None


def ensure(model: Source, precision: str, *, anew: bool = False) -> OnnxModel:
    """The export, made when there is none (or, ``anew``, in place of the one that is there).

    Two processes that need it at once make it once. Raises Unfit.
    """
    import onnxruntime

    name = export_name(model, precision, onnxruntime.__version__)
    for base in (cache_folder, spare_cache_folder):
        with suppress(OSError):
            found = None if anew else find(base() / EXPORTS / name)
            if found is not None:
                return found
    try:
        return _ensure_in(cache_folder() / EXPORTS / name, model, precision, anew=anew)
    except OSError as error:
        spare = spare_cache_folder()
        log.warning(
            "the cache folder %s cannot be written (%s): the prepared model is kept in %s;"
            " XDG_CACHE_HOME names another",
            cache_folder(),
            (error.strerror or str(error)).lower(),
            spare,
        )
        return _ensure_in(spare / EXPORTS / name, model, precision, anew=anew)


def _ensure_in(folder: Path, model: Source, precision: str, *, anew: bool) -> OnnxModel:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _making(folder):
        found = None if anew else find(folder)
        if found is None:
            _make(model, precision, folder)
            found = find(folder)
    if found is None:
        raise Unfit(f"its export in {folder} was damaged while it was made")
    return found


def described(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifest's entry for the files of a new export."""
    return {path.name: _entry(path, _sha256(path)) for path in sorted(folder.iterdir())}


def _entry(path: Path, digest: str) -> dict[str, Any]:
    status = path.stat()
    return {"sha256": digest, "size": status.st_size, "mtime_ns": status.st_mtime_ns}


def _is_whole(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Size and time of each file are as written, or else its hash is."""
    files = manifest["files"]
    now = {name: _entry(folder / name, known["sha256"]) for name, known in files.items()}
    if now == files:
        return True
    if any(_sha256(folder / name) != known["sha256"] for name, known in files.items()):
        return False
    # A copy or a restore changed the times alone: they are noted, not hashed again each time.
    with suppress(OSError):
        write_manifest(folder, {**manifest, "files": now})
    return True


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Whole or not at all, with a checksum of its own."""
    facts = {name: value for name, value in manifest.items() if name != _CHECKSUM}
    fresh = folder / f".{MANIFEST}.{os.getpid()}"
    whole = {**facts, _CHECKSUM: _checksum(facts)}
    fresh.write_text(json.dumps(whole) + "\n", encoding="utf-8")
    fresh.replace(folder / MANIFEST)


def _manifest(folder: Path) -> dict[str, Any]:
    """Raises OSError, ValueError (it is not what was written)."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    known = manifest.pop(_CHECKSUM, None)
    if known != _checksum(manifest):
        raise ValueError(f"{MANIFEST} has other contents than when it was made")
    return manifest


def _checksum(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _making(folder: Path) -> Iterator[None]:
    """One process at a time makes this export; the kernel frees the lock of one that dies."""
    descriptor = os.open(
        folder.with_name(f"{folder.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(model: Source, precision: str, folder: Path) -> None:
    log.info("preparing the model for fast starts (once; ten seconds, for a large model minutes)")
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    started = time.monotonic()
    try:
        _export(model, precision, fresh)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    log.debug("exported in %.1f s to %s", time.monotonic() - started, folder)
    _delete_abandoned(folder)


def _export(model: Source, precision: str, fresh: Path) -> None:
    """In a process of its own: it needs torch, its memory, and may crash. Raises Unfit."""
    command = ["-m", model.exporter, str(model.path), str(fresh), precision]
    done = subprocess.run(
        [sys.executable, "-P", *command], capture_output=True, text=True, check=False
    )
    if done.returncode < 0:
        raise Unfit(f"the process that exports it was ended by signal {-done.returncode}")
    if done.returncode > 0:
        said = done.stderr.strip().splitlines()
        raise Unfit(f"its export failed: {said[-1] if said else 'nothing more is known'}")


def _delete_abandoned(folder: Path) -> None:
    siblings = folder.parent.glob(f"{folder.name.rpartition('-')[0]}-ort*")
    for other in siblings:
        with suppress(OSError):
            unused_s = time.time() - (other / MANIFEST).stat().st_atime
            if other != folder and unused_s > _ABANDONED_AFTER_S:
                shutil.rmtree(other)


def _cpu() -> str:
    """A short hash of what the weights are packed for: the processor and its instruction sets."""
    about = f"{platform.machine()} {platform.processor()}"
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
        lines = file.read(_CPUINFO_BYTES).split("\n\n")[0].splitlines()
        told = ("model name", "flags", "Features", "CPU part")
        about = " ".join(line for line in lines if line.startswith(told))
    return hashlib.sha256(about.encode()).hexdigest()[:8]
