"""Settings, and where each came from.

Flags > ``RAG_*`` environment > ``.rag/config.toml`` > the user's ``config.toml`` > defaults.
``load_settings`` is a pure function of what it is given; ``read_file`` and what stands around it
are the only parts that look at the machine.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from ragcli.errors import UsageError

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


def _setting(
    default: Any, about: str, *, secret: bool = False, own: bool = False, env: str = ""
) -> Any:
    """A setting's default, its line in the documentation, and another tool's variable for it. What
    is ``secret``, or its user's ``own`` to decide, may not stand in a project's file."""
    metadata = {"about": about, "secret": secret, "own": own or secret, "env": env}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the user can set. A unit stands in the name of each quantity."""

    model: str = _setting(DEFAULT_MODEL, "embedding model: a name, a folder, ollama:… or openai:…")
    engine: str = _setting("auto", "what runs a local model: auto, onnx or torch")
    precision: str = _setting("fp32", "of the embedding's arithmetic: fp32, or int8 with its loss")
    dimensions: int | None = _setting(None, "shorten embeddings to this many dimensions")
    query_prompt: str | None = _setting(None, "put before a question; default: the model's own")
    document_prompt: str | None = _setting(None, "put before a text; default: the model's own")
    chunk_tokens: int = _setting(128, "size of a chunk in tokens of English text")
    mode: str = _setting("hybrid", "hybrid, dense or keyword")
    top_k: int = _setting(5, "how many passages to return")
    passage_tokens: int = _setting(500, "the longest passage, in tokens of English text")
    reranker: str = _setting(
        "off", "cross-encoder that reorders the best passages: a name, a folder, or off"
    )
    rerank_s: float = _setting(2.0, "about how long it may score for each question")
    entailment_model: str = _setting(
        "off", "cross-encoder that judges what an LLM claims: a name, a folder, or off"
    )
    generator: str = _setting(
        "auto", "who writes answers: ollama:MODEL, openai:MODEL, extractive or auto"
    )
    think: str = _setting(
        "off", "whether the model thinks first: off or on; for gpt-oss also low, medium, high"
    )
    context_tokens: int = _setting(8192, "the longest prompt and answer together")
    answer_tokens: int = _setting(1024, "kept free for the answer")
    prompt_file: str | None = _setting(None, "a template for the prompt: docs/prompt.md")
    ollama_host: str = _setting("127.0.0.1:11434", "Ollama's address", env="OLLAMA_HOST")
    openai_base_url: str = _setting(
        "https://api.openai.com/v1", "OpenAI-compatible endpoint", env="OPENAI_BASE_URL"
    )
    openai_api_key: str | None = _setting(
        None, "its key; not allowed in a project's file", secret=True, env="OPENAI_API_KEY"
    )
    remote_hosts: str = _setting(
        "",
        "hosts that Ollama's models may send to, comma between; not allowed in a project's file",
        own=True,
    )
    timeout_s: float = _setting(120.0, "longest silence of a provider or a web server")
    read_timeout_s: float = _setting(120.0, "longest time to read one file")
    read_memory_mb: int = _setting(256, "the most memory for reading one file, in MiB")
    read_output_mb: int = _setting(32, "the most text that one file may give, in MiB")
    read_password: str | None = _setting(
        None, "opens encrypted files; not allowed in a project's file", secret=True
    )
    ocr: str = _setting(
        "auto", "what Tesseract reads: auto (scanned pages and pictures), pages or off"
    )
    ocr_languages: str = _setting("eng", "of scanned pages: Tesseract's codes, joined by +")
    archives: bool = _setting(False, "rag ingest also looks into archives: zip, tar, gz, bz2, xz")
    history: bool = _setting(
        False, "rag query and rag ask keep the questions (not the answers) in .rag/history.jsonl"
    )
    wait_s: float = _setting(3.0, "how long a writer waits for another to finish")
    threads: int = _setting(0, "processor cores to embed with; 0: all there are")
    serve: str = _setting(
        "auto", "rag serve's helper: auto uses one that runs, start also starts one; or never"
    )


class Origin(NamedTuple):
    """Where a value came from: ``flag``, ``environment``, ``project``, ``user`` or ``default``."""

    layer: str
    detail: str = ""


def load_settings(
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    project: Mapping[str, Any],
    user: Mapping[str, Any],
) -> tuple[Settings, dict[str, Origin]]:
    """The settings in force and the origin of each. A flag of None is a flag not given.

    Raises UsageError for an unknown name, a value of the wrong kind, or a key in a project file.
    """
    known = {f.name: f for f in fields(Settings)}
    for name, spec in known.items():
        if spec.metadata["own"] and project.get(name) is not None:
            variable = spec.metadata["env"] or f"RAG_{name.upper()}"
            raise UsageError(
                f"{name} stands in the project's config.toml, which may be shared",
                f"move it to the environment ({variable}) or to your own config.toml",
            )
    for layer, values in (("project", project), ("user", user)):
        for name in values:
            if name not in known:
                raise UsageError(
                    f"unknown setting `{name}` in the {layer}'s config.toml",
                    f"take it out: rag config set {name} --unset"
                    + (" --user" if layer == "user" else ""),
                )
    values, origins = {}, {}
    for name, spec in known.items():
        raw, origin = _first_given(name, spec.metadata["env"], flags, environ, project, user)
        origins[name] = origin
        if origin.layer != "default":
            values[name] = parse_value(name, raw)
    if origins["openai_base_url"].layer == "project":
        values["openai_api_key"] = None  # it belongs to the host that its owner named
    return Settings(**values), origins


def _first_given(
    name: str,
    other_variable: str,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    project: Mapping[str, Any],
    user: Mapping[str, Any],
) -> tuple[Any, Origin]:
    if flags.get(name) is not None:
        return flags[name], Origin("flag")
    for variable in (f"RAG_{name.upper()}", other_variable):
        if environ.get(variable, "") != "":
            return environ[variable], Origin("environment", variable)
    for layer, file_values in (("project", project), ("user", user)):
        if file_values.get(name) is not None:
            return file_values[name], Origin(layer)
    return None, Origin("default")


_KINDS: dict[str, type] = {
    "int": int,
    "int | None": int,
    "float": float,
    "str": str,
    "str | None": str,
    "bool": bool,
}
_TRUTH = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_NOUNS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
_CHOICES = {
    "mode": ("hybrid", "dense", "keyword"),
    "engine": ("auto", "onnx", "torch"),
    "precision": ("fp32", "int8"),
    "ocr": ("auto", "pages", "off"),
    "serve": ("auto", "never", "start"),
    "think": ("off", "on", "low", "medium", "high"),
}
# A context below this leaves no room for one passage and an answer.
_LEAST = {
    "top_k": 1,
    "dimensions": 1,
    "chunk_tokens": 16,
    "passage_tokens": 16,
    "context_tokens": 512,
    "answer_tokens": 64,
    "timeout_s": 0.001,
    "read_timeout_s": 0.001,
    "read_memory_mb": 96,
    "read_output_mb": 1,
    "wait_s": 0,
    "threads": 0,
    "rerank_s": 0,
}


def parse_value(name: str, raw: Any) -> Any:
    """A setting's value from text or TOML, checked. Raises UsageError."""
    spec = {f.name: f for f in fields(Settings)}.get(name)
    if spec is None:
        raise UsageError(f"unknown setting `{name}`", "see what there is: rag config show")
    cure = f"mend it where it is set: the option, RAG_{name.upper()} or a config.toml"
    kind = _KINDS[str(spec.type)]
    try:
        if isinstance(raw, bool) and kind is not bool:
            raise ValueError
        value: Any = _TRUTH[str(raw).strip().lower()] if kind is bool else kind(raw)
    except (TypeError, ValueError, KeyError):
        noun = _NOUNS[kind]
        raise UsageError(f"`{name}` must be {noun}, not {raw!r}", cure) from None
    if name in _CHOICES and value not in _CHOICES[name]:
        raise UsageError(f"`{name}` must be one of {', '.join(_CHOICES[name])}, not {raw!r}", cure)
    if name in ("reranker", "entailment_model") and not value:
        value = "off"
    # `not >=` and not `<`: a NaN is refused too.
    if name in _LEAST and not value >= _LEAST[name]:
        raise UsageError(f"`{name}` must be at least {_LEAST[name]}, not {raw}", cure)
    return value


def usable_cores() -> int:
    """Processor cores that this process may run on: a container or `taskset` may leave it few."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def user_file() -> Path:
    """The user's own ``config.toml`` (``~/.config/ragcli`` on Linux); need not exist."""
    import platformdirs

    return platformdirs.user_config_path("ragcli", appauthor=False) / "config.toml"


def cache_folder() -> Path:
    """Where ragcli keeps what it can compute again (``~/.cache/ragcli`` on Linux)."""
    import platformdirs

    return platformdirs.user_cache_path("ragcli", appauthor=False)


def spare_cache_folder() -> Path:
    """A private folder for the same among the temporary files, where `cache_folder` cannot be
    written. Raises OSError when one by this name belongs to somebody else, or is open to others."""
    import tempfile

    folder = Path(tempfile.gettempdir()) / f"ragcli-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    check_private(folder)
    return folder


def check_private(folder: Path) -> None:
    """Raises OSError where a folder is missing, somebody else's, or open to others."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a private folder of this user")


def read_file(path: Path) -> dict[str, Any]:
    """The values of a settings file; none when it does not exist. Raises UsageError."""
    try:
        text = path.read_text(encoding="utf-8")
        import tomllib  # 2 ms, which a user without a file need not pay

        return tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):  # a home of /dev/null is some services'
        return {}
    except (OSError, ValueError) as error:  # also what is no UTF-8, and no TOML
        raise UsageError(f"cannot read the settings in {path}: {error}", "mend the file") from error


def settings_for(
    project: Path | None, flags: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[Settings, dict[str, Origin]]:
    """The settings in force where a project has this ``config.toml``, or outside any. Raises
    UsageError."""
    return load_settings(
        flags, environ, read_file(project) if project else {}, read_file(user_file())
    )
