"""What there is to know of a programming language to find the definitions in its files.

A language is a row of patterns, not a grammar: a grammar for each is a dependency for each, or one
of two hundred megabytes. What is not recognised stays code of the definition around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

# Comments and strings. Each pattern ends at the end of the text at the latest, so that what is
# never closed costs one pass.
SLASHES = r"//[^\n]*"
BLOCK = r"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
HASH = r"#[^\n]*"
DASHES = r"--[^\n]*"
SEMICOLON = r";[^\n]*"
PERCENT = r"%[^\n]*"
DOUBLE = r'"(?:\\.|[^"\\\n]++)*+(?:"|$)'
SINGLE = r"'(?:\\.|[^'\\\n]++)*+(?:'|$)"
LONG_DOUBLE = r'"(?:\\.|[^"\\]++)*+(?:"|\Z)'
LONG_SINGLE = r"'(?:\\.|[^'\\]++)*+(?:'|\Z)"
DOUBLED = r"'(?:[^'\n]++|'')*+(?:'|$)"  # a quote within is written twice
TRIPLE = r'"""(?:\\.|[^\\"]|"(?!""))*+(?:"""|\Z)'
TRIPLE_SINGLE = r"'''(?:\\.|[^\\']|'(?!''))*+(?:'''|\Z)"
BACKTICK = r"`(?:\\.|[^`\\]++)*+(?:`|\Z)"
RAW_BACKTICK = r"`[^`]*(?:`|\Z)"
CHARACTER = r"'(?:\\[^'\n]{1,10}|[^'\\\n])'"  # one apostrophe alone is a lifetime or a prime
HEREDOC = (
    r"<<[-~]?(?P<q>[\"']?)(?P<mark>[A-Za-z_]\w*)(?P=q)[^\n]*\n"
    r"(?:(?![ \t]*(?P=mark)\b)[^\n]*\n)*+(?:[ \t]*(?P=mark)\b|\Z)?"
)
PHP_HEREDOC = HEREDOC.replace("<<[-~]?", "<<<[ \t]?")
# After what stands before an operand; longer ones are no pattern that somebody wrote.
JS_PATTERN = r"(?<=[=(,:!&|?{};\[])[ \t]*/(?![*/])(?:\\.|[^/\\\n]){1,300}/"
C_LIKE = (SLASHES, BLOCK)
QUOTED = (DOUBLE, SINGLE)
# Names, and what may stand before them on a line. Lengths are bounded: a line may have a million
# characters.
NAME = r"[A-Za-z_$\u00a1-\uffff][\w$]{0,199}"
WORDS = (
    r"(?:(?:public|private|protected|internal|fileprivate|package|export|default|declare|pub|open"
    r"|local|global|static|final|abstract|sealed|non-sealed|virtual|override|overrides|overridable"
    r"|overloads|partial|extern|external|unsafe|readonly|const|constexpr|inline|noinline|async"
    r"|suspend|data|inner|value|annotation|companion|operator|infix|tailrec|actual|expect|implicit"
    r"|lazy|case|native|synchronized|strictfp|new|base|mutating|nonmutating|class|convenience"
    r"|required|dynamic|indirect|fun|shared|friend|mustinherit|notinheritable|mustoverride"
    r"|private_class_method|public_class_method|module_function|memoize|helper_method|extension"
    r"|transparent|given|declare|file|ref|distributed|nonisolated)"
    r"(?:\([^()\n]{0,100}\)|\[[^\[\]\n]{0,50}\])? ){0,8}"
)
# Before the parenthesis of a function there is neither a value nor an end.
BEFORE_PARENTHESIS = r"(?=[^\n;({]{2,250}\()"
DOTTED = rf"{NAME}(?:(?:\.|::){NAME}){{0,20}}"
TYPE = r"[\w$][\w$.,<>?&*:\[\]\x20\t]{0,200}?[\w$>\]*&?]"
NO_CALL = (
    r"(?!(?:if|for|foreach|while|switch|catch|return|else|do|new|throw|sizeof|using|lock|when|elif"
    r"|elseif|await|yield|case|goto|delete|typeof|synchronized|assert|defined|and|or|not|fixed)\b)"
)


@dataclass(frozen=True)
class Language:
    """``kinds`` says what its patterns define, each with one group, the name: ``c`` a container
    of definitions (a class), ``f`` a function, ``m`` a function only where it stands directly in
    a container; ``b`` a function and ``k`` a container only where a body in braces follows,
    which ``m`` needs too where bodies are in braces.

    A definition ends where ``ends`` says: with its ``braces``; at the next line that stands as far
    left (``layout``), but for lines that begin with ``goes_on``; or where the ``next`` begins.
    ``leads`` are lines right above a definition that belong to it, as comments do.
    """

    comments: tuple[str, ...]
    strings: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    ends: str = "braces"
    goes_on: str = ""
    leads: str = r"@|#!?\[|\["
    clauses: bool = False  # one function may be defined by several neighbours of one name
    flags: re.RegexFlag = field(default=re.RegexFlag(0))

    @cached_property
    def noise(self) -> re.Pattern[str]:
        """Comments (group ``comment``) and strings."""
        comment, string = "|".join(self.comments), "|".join(self.strings) or "(?!)"
        return re.compile(f"(?P<comment>{comment})|{string}", re.MULTILINE | re.DOTALL | self.flags)

    @cached_property
    def definition(self) -> re.Pattern[str]:
        """One definition; the name of its last group begins with its kind."""
        any_of = (
            pattern.replace("(NAME)", f"(?P<{kind}{i}>{NAME})")
            .replace("(DOTTED)", f"(?P<{kind}{i}>{DOTTED})")
            .replace("(?P<NAME>", f"(?P<{kind}{i}>")
            for i, (kind, pattern) in enumerate(self.kinds)
        )
        pattern = rf"^~(?:{'|'.join(any_of)})"
        # Blanked strings are long runs of spaces: none of it is given back.
        pattern = pattern.replace(" ", r"[\x20\t]++").replace("~", r"[\x20\t]*+")
        return re.compile(pattern, re.MULTILINE | self.flags)

    @cached_property
    def continues(self) -> re.Pattern[str]:
        """The beginning of a line that does not end what stands as far left above it."""
        more = f"|{self.goes_on}" if self.goes_on else ""
        return re.compile(rf"[{{)\]]|->|=>{more}", self.flags)

    @cached_property
    def lead(self) -> re.Pattern[str]:
        return re.compile(self.leads)
