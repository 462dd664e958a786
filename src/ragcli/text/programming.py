"""What programming languages are called."""

from __future__ import annotations

# What people say when they ask for code, by the suffix of a file's name. Other suffixes are the
# language's own name, or nobody says it.
_NAMES = {
    "bash": "shell",
    "bat": "windows batch",
    "cc": "c++ cpp",
    "cjs": "javascript js",
    "clj": "clojure",
    "cljs": "clojure",
    "cpp": "c++",
    "cs": "c# csharp",
    "cxx": "c++ cpp",
    "el": "emacs lisp",
    "erl": "erlang",
    "ex": "elixir",
    "exs": "elixir",
    "f90": "fortran",
    "fs": "f#",
    "go": "golang",
    "hh": "c++ cpp",
    "hpp": "c++ cpp",
    "hs": "haskell",
    "jl": "julia",
    "js": "javascript",
    "jsx": "javascript js react",
    "kt": "kotlin",
    "kts": "kotlin",
    "m": "objective-c",
    "mjs": "javascript js",
    "ml": "ocaml",
    "mm": "objective-c",
    "pas": "pascal",
    "pl": "perl",
    "pm": "perl",
    "ps1": "powershell",
    "py": "python",
    "pyi": "python",
    "rb": "ruby",
    "rs": "rust",
    "scm": "scheme lisp",
    "sh": "shell bash",
    "sol": "solidity",
    "tf": "terraform",
    "ts": "typescript",
    "tsx": "typescript ts react",
    "zsh": "shell",
}


def spoken_names(suffix: str) -> str:
    """The names of the language that files with this suffix (``.py``) are written in, as people say
    them beside the suffix itself; empty when there are none."""
    return _NAMES.get(suffix.lstrip(".").lower(), "")
