"""Which file is written in which programming language."""

from __future__ import annotations

import re
from pathlib import PurePath

from ragcli.reading import codebraces as braces
from ragcli.reading import codelayout as layout
from ragcli.reading.codelanguage import Language

_LANGUAGES: dict[str, Language] = {
    suffix: language
    for suffixes, language in (
        (".py .pyi .pyw .pyx", layout.PYTHON),
        (".js .mjs .cjs .jsx .ts .tsx .mts .cts .vue .svelte", braces.JS),
        (".java", braces.JAVA),
        (".kt .kts", braces.KOTLIN),
        (".scala .sc", braces.SCALA),
        (".groovy .gradle", braces.GROOVY),
        (".c .h .cc .cpp .cxx .c++ .hh .hpp .hxx .inl .cu .cuh .ino .m .mm", braces.CPP),
        (".cs", braces.CSHARP),
        (".fs .fsi .fsx .ml .mli", layout.ML),
        (".go", braces.GO),
        (".rs", braces.RUST),
        (".swift", braces.SWIFT),
        (".rb .rake .gemspec .cr", layout.RUBY),
        (".php", braces.PHP),
        (".pl .pm", braces.PERL),
        (".lua", layout.LUA),
        (".r", layout.R),
        (".jl", layout.JULIA),
        (".dart", braces.DART),
        (".ex .exs", layout.ELIXIR),
        (".erl .hrl", layout.ERLANG),
        (".hs .lhs .elm .purs", layout.HASKELL),
        (".clj .cljs .cljc .edn .lisp .lsp .cl .el .scm .ss .rkt", layout.LISP),
        (".sh .bash .zsh .ksh .fish", braces.SHELL),
        (".ps1 .psm1 .psd1", braces.POWERSHELL),
        (".sql", layout.SQL),
        (".tf .tfvars .hcl", braces.HCL),
        (".proto .thrift .graphql .gql .sol", braces.SCHEMA),
        (".zig", braces.ZIG),
        (".nim", layout.NIM),
        (".mk", layout.MAKE),
        (".cmake", layout.CMAKE),
        (".vb .bas .vbs", layout.BASIC),
        (".f .for .f77 .f90 .f95 .f03 .f08", layout.FORTRAN),
        (".pas .pp .dpr", layout.PASCAL),
        (".v .sv .svh .vh", layout.VERILOG),
        (".vhd .vhdl", layout.VHDL),
        (".asm .s", layout.ASSEMBLY),
    )
    for suffix in suffixes.split()
}
_OF_NAME = {
    "makefile": layout.MAKE,
    "gnumakefile": layout.MAKE,
    "dockerfile": layout.DOCKER,
    "containerfile": layout.DOCKER,
    "jenkinsfile": braces.GROOVY,
    "rakefile": layout.RUBY,
    "gemfile": layout.RUBY,
    "vagrantfile": layout.RUBY,
    "cmakelists.txt": layout.CMAKE,
}
_INTERPRETER = re.compile(r"\ufeff?#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([a-z]+)")
_OF_INTERPRETER = {
    "python": layout.PYTHON,
    "node": braces.JS,
    "deno": braces.JS,
    "ruby": layout.RUBY,
    "perl": braces.PERL,
    "php": braces.PHP,
    "lua": layout.LUA,
    "rscript": layout.R,
    "julia": layout.JULIA,
    "elixir": layout.ELIXIR,
    "groovy": braces.GROOVY,
    "pwsh": braces.POWERSHELL,
    "make": layout.MAKE,
    **dict.fromkeys(("sh", "bash", "dash", "zsh", "ksh", "ash", "fish"), braces.SHELL),
}
_MATLAB_HEAD = re.compile(r"[ \t]*(?:%|function\b|classdef\b)", re.MULTILINE)
_OBJECTIVE_C = re.compile(r"^(?:#import|#include|@\w+|//)", re.MULTILINE)


def language_of(path: PurePath, text: str) -> Language | None:
    """The language of a source file: by its name, its suffix, else the interpreter it names.

    None when it is not known, and for CSS, Windows batch and the like: what these name is no place
    that somebody would look for.
    """
    suffix = path.suffix.lower()
    if suffix == ".m" and _MATLAB_HEAD.match(text.lstrip()) and not _OBJECTIVE_C.search(text):
        return layout.MATLAB
    known = _OF_NAME.get(path.name.lower()) or _LANGUAGES.get(suffix)
    if known is None and (named := _INTERPRETER.match(text, 0, 200)):
        known = _OF_INTERPRETER.get(named[1].lower())
    return known


def is_python(language: Language | None) -> bool:
    """Whether Python's own parser may be asked."""
    return language is layout.PYTHON
