"""Languages whose definitions have their bodies in braces: comments, strings, what defines."""

from __future__ import annotations

import re

from ragcli.reading.codelanguage import (
    BACKTICK,
    BEFORE_PARENTHESIS,
    C_LIKE,
    CHARACTER,
    DOUBLE,
    DOUBLED,
    HASH,
    HEREDOC,
    JS_PATTERN,
    LONG_DOUBLE,
    LONG_SINGLE,
    NAME,
    NO_CALL,
    PHP_HEREDOC,
    QUOTED,
    RAW_BACKTICK,
    SINGLE,
    SLASHES,
    TRIPLE,
    TRIPLE_SINGLE,
    TYPE,
    WORDS,
    Language,
)

_JS_KINDS = (
    ("c", rf"{WORDS}(?:class|interface|enum|namespace|module) (DOTTED)(?=[\x20\t<{{\n])"),
    ("k", r"export (?P<NAME>default)(?=~\{)"),
    ("f", rf"{WORDS}function~\*?~(NAME)(?=~[(<])"),
    ("f", r"(?:export )?(?:declare )?type (NAME)(?=~[=<])"),
    (
        "f",
        r"(?:export )?(?:const|let|var) (NAME)(?:~:[^=\n]{1,200})?~=~"
        rf"(?:async )?(?:function\b|<[^>\n]{{1,100}}>\(|{NAME}~=>"
        r"|\([^()\n]{0,300}\)~(?::[^=\n]{1,100})?=>|\(~\n)",
    ),
    ("f", r"(DOTTED)~=~(?:async )?(?:function\b|\([^()\n]{0,300}\)~=>)"),
    (
        "m",
        rf"{BEFORE_PARENTHESIS}{NO_CALL}(?:(?:static|async|get|set|public|private|protected|readonly|override"
        rf"|abstract) )*\*?~{NO_CALL}(?P<NAME>\#?{NAME})\??~(?=[(<])",
    ),
    (
        "m",
        r"(?:static )?(NAME)~[=:]~(?:async )?(?:function\b|\([^()\n]*\)~=>)",
    ),
)
JS = Language(C_LIKE, (BACKTICK, *QUOTED, JS_PATTERN), _JS_KINDS)
_METHOD = rf"{BEFORE_PARENTHESIS}{NO_CALL}(?:{TYPE} [*&]{{0,3}})?{NO_CALL}(NAME)~(?=\()"
_JVM_CLASS = (
    "c",
    rf"{WORDS}(?:@?interface|class|enum|record|object|trait|struct|extension|mixin|protocol|actor)"
    r" (DOTTED)",
)
JAVA = Language(C_LIKE, (TRIPLE, *QUOTED), (_JVM_CLASS, ("m", _METHOD)))
CSHARP = Language(
    C_LIKE,
    (r'\$?@"(?:[^"]++|"")*+(?:"|\Z)', *QUOTED),
    (("c", rf"{WORDS}namespace (DOTTED)"), _JVM_CLASS, ("m", _METHOD)),
)
_KOTLIN_FUN = rf"{WORDS}fun (?:<[^>\n]{{1,100}}>~)?(?:[\w<>?,\x20]{{1,100}}\.)?(NAME)(?=~\()"
KOTLIN = Language(C_LIKE, (TRIPLE, DOUBLE, CHARACTER), (_JVM_CLASS, ("f", _KOTLIN_FUN)))
_CPP_FUNCTION = (
    "b",
    rf"{BEFORE_PARENTHESIS}{NO_CALL}(?!#)(?:[A-Z_]{{4,40}} )?"
    rf"(?:{TYPE} [*&]{{0,3}}|[\w:]{{1,100}}[*&]{{1,3}}[\x20\t]?)?{NO_CALL}"
    rf"(?P<NAME>(?:{NAME}(?:<[^<>\n]{{1,100}}>)?::){{0,10}}"
    rf"(?:\x7e?{NAME}|operator~[^\s(]{{1,20}}))~(?=\()",
)
_CPP_KINDS = (
    ("c", r"(?:inline )?namespace (DOTTED)(?=[^;=\n]*$)"),
    (
        "k",
        r"(?:template~<[^\n]{0,200}>~)?(?:typedef )?(?:enum )?"
        r"(?:class|struct|union|enum) (?:[A-Z_]{2,40} )?(DOTTED)(?=[^;(=\n]*$)",
    ),
    ("f", r"@(?:interface|implementation|protocol) (NAME)(?=[^;\n]*$)"),
    ("b", r"[-+]~\([^\n)]{1,100}\)~(NAME)"),
    _CPP_FUNCTION,
)
CPP = Language(
    C_LIKE,
    (r'R"(?P<raw>[^()\\\s]{0,16})\((?:[^)]++|\)(?!(?P=raw)"))*+(?:\)(?P=raw)"|\Z)', DOUBLE, SINGLE),
    _CPP_KINDS,
    goes_on=r"\#|:|(?:public|private|protected|signals|slots)\b[^\n]{0,20}:|template\b|throw",
    leads=r"@|\[\[|template\b|__attribute__|extern\b",
)
GO = Language(
    C_LIKE,
    (RAW_BACKTICK, DOUBLE, CHARACTER),
    (
        ("f", rf"func (?P<NAME>(?:\([^()\n]{{1,200}}\)~)?{NAME})(?=~[(\[])"),
        ("f", r"type (NAME)[\x20\t\[]"),
    ),
)
RUST = Language(
    C_LIKE,
    (r'r(?P<raw>\#{0,9})"(?:[^"]++|"(?!(?P=raw)))*+(?:"(?P=raw)|\Z)', LONG_DOUBLE, CHARACTER),
    (
        ("c", r"(?:unsafe )?(?P<NAME>impl\b[^\n{;]{1,200})"),
        (
            "c",
            rf"(?:pub(?:\([^()\n]{{1,50}}\))? )?{WORDS}(?:mod|trait) (NAME)(?=[^;\n]*$)",
        ),
        (
            "f",
            r"(?:pub(?:\([^()\n]{1,50}\))? )?(?:default |const |async "
            r"|unsafe |extern (?:\"[^\"\n]*\"|\x20{1,20})?~){0,5}"
            r"(?:fn|struct|enum|union|type) (NAME)",
        ),
        ("f", r"macro_rules!~(NAME)"),
    ),
    goes_on=r"where\b",
)
SWIFT = Language(
    C_LIKE,
    (TRIPLE, DOUBLE),
    (
        (
            "c",
            rf"{WORDS}(?:class|struct|enum|protocol|extension|actor) (?!func\b|var\b)(DOTTED)",
        ),
        ("f", rf"{WORDS}func (?P<NAME>{NAME}|[^\s(<\w]{{1,5}})(?=~[(<])"),
        ("m", rf"{WORDS}(?P<NAME>init|deinit|subscript)[?!]?(?=~[({{<])"),
    ),
    goes_on=r"where\b",
)
PHP = Language(
    (*C_LIKE, r"\#(?!\[)[^\n]*"),
    (PHP_HEREDOC, LONG_DOUBLE, LONG_SINGLE),
    (
        ("c", rf"{WORDS}(?:class|interface|trait|enum) (NAME)"),
        ("f", rf"{WORDS}function &?~(NAME)~(?=\()"),
    ),
)
PERL = Language(
    (HASH, r"^=[a-z]\w*(?:(?!^=cut)[^\n]*\n)*+(?:=cut[^\n]*|\Z)?"),
    (HEREDOC,),
    (("f", r"sub (DOTTED)"), ("b", r"package (DOTTED)(?=~\{)")),
)
SHELL = Language(
    (r"(?<![\w$\{\\])#[^\n]*",),
    (HEREDOC, LONG_DOUBLE, r"'[^']*(?:'|\Z)"),
    (
        ("f", r"function (?P<NAME>[\w:.-]{1,200})"),
        ("f", r"(?P<NAME>[\w:.-]{1,200})~\(~\)(?=\s{0,20}[{(])"),
    ),
)
POWERSHELL = Language(
    (r"<\#(?:[^\#]++|\#(?!>))*+(?:\#>|\Z)", HASH),
    (r'@"(?:[^"]++|"(?!@))*+(?:"@|\Z)', r"\"(?:`.|[^\"`])*+(?:\"|\Z)", DOUBLED),
    (
        ("c", r"(?:class|enum) (NAME)"),
        ("f", r"(?:function|filter|workflow) (?P<NAME>[\w:-]{1,200})"),
        (
            "m",
            rf"(?:static |hidden )?(?:\[[^\n]{{1,100}}\]~)?{NO_CALL}(NAME)(?=\()",
        ),
    ),
    flags=re.IGNORECASE,
)
HCL = Language(
    (HASH, *C_LIKE),
    (HEREDOC,),
    (("b", r"(?P<NAME>[a-z_][\w-]{0,60}(?: \"[^\"\n]{1,100}\"){0,3})(?=~\{)"),),
)
SCHEMA = Language(
    (*C_LIKE, HASH),
    (TRIPLE, DOUBLE),
    (
        (
            "c",
            r"(?:extend )?(?:message|service|enum|struct|exception|union|interface|input"
            r"|type|scalar|directive|contract|library) @?(DOTTED)",
        ),
        (
            "f",
            r"(?:rpc|oneof|query|mutation|subscription|fragment|function|modifier|event) (NAME)",
        ),
    ),
)
ZIG = Language(
    (SLASHES,),
    (DOUBLE, CHARACTER),
    (
        ("f", rf"{WORDS}fn (NAME)"),
        (
            "f",
            r"(?:pub )?const (NAME)~=~(?:extern |packed )?(?:struct|enum|union)\b",
        ),
        ("f", r"(?P<NAME>test \"[^\"\n]{1,100}\")"),
    ),
)
DART = Language(C_LIKE, (TRIPLE, TRIPLE_SINGLE, *QUOTED), (_JVM_CLASS, ("b", _METHOD)))
SCALA = Language(
    C_LIKE,
    (TRIPLE, DOUBLE, CHARACTER),
    (
        ("c", rf"{WORDS}(?:class|object|trait|enum) (NAME)"),
        ("f", rf"{WORDS}def (?P<NAME>[^\s(\[:=]{{1,100}})"),
    ),
)
GROOVY = Language(
    C_LIKE,
    (TRIPLE, TRIPLE_SINGLE, *QUOTED),
    (
        _JVM_CLASS,
        ("b", rf"(?:{WORDS}def|{WORDS}void|task) (NAME)"),
        ("m", _METHOD),
        ("b", r"(?P<NAME>[a-z]\w{1,60}(?:\([\"'][^\"'\n]{1,60}[\"']\))?)(?=~\{~$)"),
    ),
)
