"""Which files the user does not want: ``.gitignore``, ``.ragignore``, ``.git/info/exclude``.

As in ripgrep: any ``.ragignore`` wins over any ``.gitignore``, a deeper file over a higher one, a
later line over an earlier one. ``.gitignore`` files count up to the root of the git repository,
and not beyond one nested in it; ``.ragignore`` files count in every folder above. A rule concerns
the file or folder it names; what lies in an ignored folder is left out because nobody enters it,
so that a folder named by the user is read even where a rule above ignores it.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Container
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.reading.files import open_regular

if TYPE_CHECKING:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_GIT, _RAG = ".gitignore", ".ragignore"
# The longest of GitHub's collection of templates has 10 KiB; of a longer file the rest is no rule.
_MOST_BYTES = 256 * 1024

# pathspec's regular expression for `*`; for a class of letters; for what is written out between two
# stars of one part of a path; and for `/**` in the middle.
_STAR = r"[^/]*"
_CLASS = r"\[(?!\^/\])\^?\]?(?:\\.|[^\]\\])*\]"
_LITERAL = rf"(?:\\.|\[\^/\](?!\*)|\(\?!/\){_CLASS}|[^/()\[\]\\|?*+^$.{{}}])"
_ESCAPED_OR_CLASS = re.compile(rf"\\.|({_CLASS})")
_STAR_AND_LITERAL = re.compile(rf"{re.escape(_STAR)}({_LITERAL}+)(?={re.escape(_STAR)})")
_FOLDERS = r"(?:/.+)?"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an ignore file."""

    file: str
    line: int
    text: str
    ignores: bool
    folders_only: bool
    regex: re.Pattern[str]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"

    def matches(self, path: str, is_folder: bool) -> bool:
        if self.folders_only:
            if not is_folder:
                return False
            path += "/"
        match = self.regex.search(path)
        if match is None:
            return False
        # pathspec marks the end of the folder that the pattern named: a match that ends before
        # the path does was a match of a folder above.
        end = match.end("ps_d") if "ps_d" in self.regex.groupindex else -1
        return end in (-1, len(path))


class RuleFile:
    """The rules of one ignore file."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules[::-1]
        # Most paths match no rule: one expression says so faster than each rule alone.
        self._any = re.compile("|".join(_anonymous(rule.regex.pattern) for rule in rules))

    def decide(self, path: str, is_folder: bool) -> Rule | None:
        """The rule that decides on a path relative to the file's folder; the last one wins."""
        if not self._any.search(path + "/" if is_folder else path):
            return None
        return next((rule for rule in self._rules if rule.matches(path, is_folder)), None)


def _anonymous(regex: str) -> str:
    return f"(?:{regex.replace('(?P<ps_d>', '(?:')})"


def without_backtracking(regex: str) -> str:
    """The same expression, for names that somebody chose to make it slow.

    ``*a*a*a*a*b`` against a name of 255 ``a`` would try a hundred million ways. The first place
    where what stands between two stars fits is as good as any later one: atomic groups keep to it.
    A class matches no slash, as in git.
    """
    regex = _ESCAPED_OR_CLASS.sub(lambda m: _class(m[1]) if m[1] else m[0], regex)
    while _STAR * 2 in regex:
        regex = regex.replace(_STAR * 2, _STAR)
    regex = _STAR_AND_LITERAL.sub(r"(?>[^/]*?\1)", regex)
    first, *between = regex.split(_FOLDERS)
    if not between:
        return regex
    *between, last = between
    return first + "".join(f"(?>(?:/.+?)??{one}(?=/))" for one in between) + _FOLDERS + last


def _class(text: str) -> str:
    """A class of letters, without what Python may one day read as an operation on sets."""
    return "(?!/)[" + re.sub(r"[\[&~|]|-(?=-)", r"\\\g<0>", text[1:])


def read_rules(path: Path) -> RuleFile | None:
    """The rules of an ignore file; None when there are none or it cannot be read. One that is a
    link is none, as for git (since 2.32): its lines are told as reasons."""
    try:
        descriptor, _ = open_regular(path, below=1)
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(_MOST_BYTES)
    except OSError:
        return None
    # Names need not be UTF-8: patterns pass through as the names themselves do.
    lines = os.fsdecode(data).removeprefix("\ufeff").split("\n")
    rules = [
        rule for number, line in enumerate(lines, 1) if (rule := _rule(str(path), number, line))
    ]
    return RuleFile(rules) if rules else None


def _rule(file: str, number: int, line: str) -> Rule | None:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    line = line.rstrip("\r")
    if not line.strip() or line.startswith("#"):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of `[[`, which means what it says
            pattern: GitIgnoreSpecPattern = GitIgnoreSpecPattern(line)
            if pattern.regex is None or pattern.include is None:
                return None
            regex = re.compile(without_backtracking(pattern.regex.pattern))
    except (ValueError, re.error):
        return None  # git, too, passes over a line that is no pattern, like `[z-a]`
    folders_only = line.rstrip(" ").endswith("/")
    return Rule(file, number, line, bool(pattern.include), folders_only, regex)


@dataclass(frozen=True, slots=True)
class Scope:
    """The ignore files in force in one folder, the deepest last, each with the path from its own
    folder to this one (empty, or ending in a slash)."""

    rag: tuple[tuple[RuleFile, str], ...] = ()
    git: tuple[tuple[RuleFile, str], ...] = ()

    def decide(self, name: str, is_folder: bool) -> Rule | None:
        """The rule that decides on an entry of this folder; None when none speaks of it."""
        for files in (self.rag, self.git):
            for rules, prefix in reversed(files):
                rule = rules.decide(prefix + name, is_folder)
                if rule:
                    return rule
        return None

    def below(self, name: str) -> Scope:
        """The same files as seen from a folder in this one."""
        if not self.rag and not self.git:
            return self
        return Scope(
            tuple((rules, f"{prefix}{name}/") for rules, prefix in self.rag),
            tuple((rules, f"{prefix}{name}/") for rules, prefix in self.git),
        )

    def entered(self, folder: Path, names: Container[str]) -> Scope:
        """This scope with the ignore files of the folder itself, which holds these names."""
        scope = self
        if ".git" in names:
            exclude = read_rules(folder / ".git" / "info" / "exclude")
            scope = replace(scope, git=((exclude, ""),) if exclude else ())
        if _GIT in names and (rules := read_rules(folder / _GIT)):
            scope = replace(scope, git=(*scope.git, (rules, "")))
        if _RAG in names and (rules := read_rules(folder / _RAG)):
            scope = replace(scope, rag=(*scope.rag, (rules, "")))
        return scope


def outer_scope(folder: Path) -> Scope:
    """The ignore files in the folders above that count in this one."""
    path = folder.resolve()
    # Without a repository around it, a stray .gitignore above (in a home, in /tmp) means nothing.
    git_root = next((p for p in (path, *path.parents) if os.path.lexists(p / ".git")), None)
    scope = Scope()
    for child, parent in reversed([*pairwise((path, *path.parents))]):
        names = {_RAG}
        if git_root and parent.is_relative_to(git_root):
            names |= {_GIT, ".git"} if parent == git_root else {_GIT}
        scope = scope.entered(parent, names).below(child.name)
    return scope
