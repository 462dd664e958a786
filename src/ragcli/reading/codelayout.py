"""Languages whose definitions end by indentation, or where the next one begins."""

from __future__ import annotations

import re

from ragcli.reading.codelanguage import (
    BLOCK,
    C_LIKE,
    CHARACTER,
    DASHES,
    DOUBLE,
    DOUBLED,
    HASH,
    HEREDOC,
    LONG_DOUBLE,
    LONG_SINGLE,
    NAME,
    PERCENT,
    QUOTED,
    RAW_BACKTICK,
    SEMICOLON,
    SINGLE,
    SLASHES,
    TRIPLE,
    TRIPLE_SINGLE,
    WORDS,
    Language,
)

RUBY = Language(
    (HASH, r"^=begin\b(?:(?!^=end)[^\n]*\n)*+(?:=end|\Z)?"),
    (HEREDOC.replace("[-~]?", "[-~]"), *QUOTED),
    (
        ("c", r"(?:class|module) (?!<<)(DOTTED)"),
        ("f", rf"{WORDS}def (?P<NAME>(?:{NAME}\.)?(?:{NAME}[?!=]?|[^\s(\w]{{1,3}}))"),
    ),
    ends="layout",
    goes_on=r"(?:rescue|ensure|else|elsif|when)\b",
)
PYTHON = Language(
    (HASH,),
    (TRIPLE, TRIPLE_SINGLE, *QUOTED),
    (("c", r"class (NAME)"), ("f", r"(?:async )?def (NAME)")),
    ends="layout",
)
LUA = Language(
    (r"--\[(?P<eq>=*)\[(?:[^\]]|\](?!(?P=eq)\]))*+(?:\](?P=eq)\]|\Z)", DASHES),
    (r"\[(?P<es>=*)\[(?:[^\]]|\](?!(?P=es)\]))*+(?:\](?P=es)\]|\Z)", *QUOTED),
    (
        ("f", rf"(?:local )?function (?P<NAME>{NAME}(?:[.:]{NAME}){{0,10}})"),
        ("f", r"(?:local )?(DOTTED)~=~function\b"),
    ),
    ends="layout",
)
R = Language(
    (HASH,),
    (LONG_DOUBLE, LONG_SINGLE, RAW_BACKTICK),
    (
        ("f", r"(?P<NAME>[\w.]{1,200})~(?:<-|=)~function\b"),
        ("f", r"(?P<NAME>[\w.]{1,200})~(?:<-|=)~R6Class\("),
    ),
    ends="layout",
)
JULIA = Language(
    (r"#=(?:[^=]++|=(?!#))*+(?:=#|\Z)", HASH),
    (TRIPLE, LONG_DOUBLE, CHARACTER),
    (
        ("c", r"(?:bare)?module (NAME)"),
        ("f", r"(?:mutable )?(?:struct|abstract type|primitive type) (NAME)"),
        ("f", r"(?:@\w+ )?(?:function|macro) (?P<NAME>[^\s(){}]{1,200})"),
        ("f", r"(?P<NAME>[\w.!]{1,200})\([^=\n]{0,300}\)(?:[\x20\t]where[^=\n]{1,100})?~=(?!=)"),
    ),
    ends="layout",
    leads=r"@",
)
ELIXIR = Language(
    (HASH,),
    (TRIPLE, LONG_DOUBLE),
    (
        ("c", r"(?:defmodule|defprotocol|defimpl) (DOTTED)"),
        ("f", r"def(?:p|macrop?|guardp?|delegate)? (?P<NAME>[\w?!]{1,200})"),
    ),
    ends="layout",
    clauses=True,
)
ERLANG = Language(
    (PERCENT,),
    (LONG_DOUBLE, SINGLE),
    (
        ("f", r"(?<![\x20\t])(?P<NAME>[a-z]\w{0,199})(?=\([^\n]*(?:->|when\b|[,)]\x20?$))"),
        ("f", r"-record\((?P<NAME>\w{1,200})"),
    ),
    ends="layout",
    leads=r"-spec\b",
    clauses=True,
)
HASKELL = Language(
    (r"\{-(?:[^-]++|-(?!\}))*+(?:-\}|\Z)", r"--(?![!#$%&*+./<=>?@\\^|~])[^\n]*"),
    (DOUBLE, CHARACTER),
    (
        (
            "c",
            r"(?:data|newtype|class|instance|type) (?P<NAME>[^\n=|]{1,100}?)"
            r"(?=~(?:=|\bwhere\b|\||$))",
        ),
        (
            "f",
            r"(?<![\x20\t])(?!module\b|import\b|infix)"
            r"(?P<NAME>[a-z_][\w']{0,199}|\([^\w\s()]{1,9}\))~(?=::|$)",
        ),
        (
            "f",
            r"(?<![\x20\t])(?!module\b|import\b|infix)(?P<NAME>[a-z_][\w']{0,199})"
            r"(?=[^=\n:]{0,200}(?:[^=<>/!]=[^=]|\|))",
        ),
    ),
    ends="layout",
    goes_on=r"where\b",
    clauses=True,
)
ML = Language(
    (r"\(\*(?:[^*]++|\*(?!\)))*+(?:\*\)|\Z)", SLASHES),
    (TRIPLE, LONG_DOUBLE, CHARACTER),
    (
        ("c", r"(?:module(?: (?:type|rec))?|class(?: type)?|namespace) (DOTTED)"),
        ("c", r"type (?:[^\n=:]{0,60}[\x20\t])??(NAME)(?=~(?:=|\(|:|<|$))"),
        (
            "f",
            r"(?:let|and) (?:(?:rec|inline|private|mutable) )*(?!open\b)"
            r"(?P<NAME>[\w']{1,200}|\([^\w\s()]{1,9}\))",
        ),
        (
            "m",
            r"(?:static |override |default |abstract )?(?:member|method!?|new) "
            r"(?:private |inline )*+(?:\w{1,30}\.)?(NAME)",
        ),
    ),
    ends="layout",
    goes_on=r"end\b|with\b|in\b|\|",
    leads=r"\[<|@",
)
LISP = Language(
    (SEMICOLON, r"#\|(?:[^|]++|\|(?!#))*+(?:\|#|\Z)"),
    (LONG_DOUBLE,),
    (
        (
            "f",
            r"(?<![\x20\t])\((?:cl-)?(?:def|define|ns\b)[^\s()]{0,40} (?:\^\S{1,100} ){0,3}"
            r"\(?(?P<NAME>[^\s()\[\]]{1,200})",
        ),
    ),
    ends="layout",
)
_SQL_NAME = r"(?P<NAME>[\w.\"`\[\]$\u00a1-\uffff]{1,200})"
SQL = Language(
    (DASHES, BLOCK),
    (r"'(?:[^']++|'')*+(?:'|\Z)",),
    (
        (
            "f",
            r"(?:create|alter) (?:or (?:replace|alter) )?(?:\w{1,20} ){0,3}?"
            r"(?:table|view|function|procedure|proc|trigger|index|type|sequence|schema|package"
            r"(?: body)?|database) (?:if not exists )?" + _SQL_NAME,
        ),
    ),
    ends="next",
    flags=re.IGNORECASE,
)
NIM = Language(
    (r"#\[(?:[^\]]|\](?!#))*+(?:\]#|\Z)", HASH),
    (TRIPLE, DOUBLE, CHARACTER),
    (
        (
            "f",
            r"(?:proc|func|method|iterator|template|macro|converter) "
            r"(?P<NAME>`[^`\n]{1,50}`|\w{1,200})",
        ),
    ),
    ends="layout",
)
MAKE = Language(
    (HASH,),
    (),
    (("f", r"(?<![\x20\t])(?P<NAME>[\w./%$(){}-][\w./%$(){}\x20-]{0,199}?)~::?(?![=:])"),),
    ends="next",
)
DOCKER = Language(
    (HASH,),
    (),
    (("f", r"FROM \S{1,200} AS (?P<NAME>\S{1,100})"),),
    ends="next",
    flags=re.IGNORECASE,
)
CMAKE = Language(
    (r"#\[\[(?:[^\]]|\](?!\]))*+(?:\]\]|\Z)", HASH),
    (LONG_DOUBLE,),
    (("f", r"(?:function|macro)~\(~(?P<NAME>\w{1,200})"),),
    ends="layout",
    flags=re.IGNORECASE,
)
BASIC = Language(
    (r"'[^\n]*", r"^[ \t]*rem\b[^\n]*"),
    (r'"(?:[^"\n]++|"")*+(?:"|$)',),
    (
        ("c", rf"{WORDS}(?:class|module|structure|interface|enum|namespace) (DOTTED)"),
        (
            "f",
            rf"{WORDS}(?:sub|function|property(?: (?:get|let|set))?) (NAME)(?=~\()",
        ),
    ),
    ends="layout",
    leads=r"<",
    flags=re.IGNORECASE,
)
FORTRAN = Language(
    (r"![^\n]*", r"^[cC*](?=[ \t\n!*-])[^\n]*"),
    (DOUBLED, DOUBLE),
    (
        (
            "c",
            r"(?:module(?! procedure)|program|submodule~\([^)\n]{1,100}\)) (NAME)",
        ),
        ("c", r"type(?:~,[^\n:]{1,100})?(?:~::)? (NAME)(?=~$)"),
        ("f", r"(?!end)(?:[\w*()=,\x20\t]{1,100}[\x20\t])?(?:subroutine|function) (NAME)"),
    ),
    ends="layout",
    goes_on=r"contains\b|implicit\b|use\b|&|[ \t]*\d",
    flags=re.IGNORECASE,
)
PASCAL = Language(
    (r"\{[^}]*(?:\}|\Z)", r"\(\*(?:[^*]++|\*(?!\)))*+(?:\*\)|\Z)", SLASHES),
    (DOUBLED,),
    (
        (
            "c",
            r"(NAME)~=~(?:packed )?(?:class|record|object|interface)\b(?!~;| of\b)",
        ),
        (
            "f",
            r"(?:class )?(?:procedure|function|constructor|destructor|operator) (DOTTED)",
        ),
    ),
    ends="layout",
    goes_on=r"(?:begin|var|const|type|label)\b",
    leads=r"\[",
    flags=re.IGNORECASE,
)
VERILOG = Language(
    C_LIKE,
    (DOUBLE,),
    (
        (
            "c",
            r"(?:module|interface|package|class|program) (?:automatic |static )?(NAME)",
        ),
        (
            "f",
            r"(?:virtual |static )*+(?:task|function) (?:[\w\[\]:'\x20\t-]{1,80}[\x20\t])??"
            r"(NAME)(?=~[;(])",
        ),
    ),
    ends="layout",
    goes_on=r"`|begin\b",
)
VHDL = Language(
    (DASHES,),
    (DOUBLE, CHARACTER),
    (
        (
            "c",
            r"(?P<NAME>(?:entity|architecture|package(?: body)?|configuration) (?!body\b)"
            r"\w{1,100}(?: of \w{1,100})?)(?= is\b)",
        ),
        ("f", r"(?:pure |impure )?(?:function|procedure) (NAME)"),
        ("f", r"(?P<NAME>\w{1,100})~:~(?:process|block)\b"),
    ),
    ends="layout",
    goes_on=r"begin\b",
    flags=re.IGNORECASE,
)
ASSEMBLY = Language(
    (SEMICOLON, r"(?<=[ \t])\#[^\n]*", *C_LIKE),
    (DOUBLE,),
    (("f", r"(?<![\x20\t])(?!\.?L\d)(?P<NAME>[A-Za-z_?@][\w?@$.]{0,199}):(?!:)"),),
    ends="next",
)
MATLAB = Language(
    (PERCENT,),
    (DOUBLE,),
    (
        ("c", r"classdef (?:\([^)\n]{1,100}\)~)?(NAME)"),
        ("f", r"function (?:(?:\[[^\]\n]{0,200}\]|\w{1,200})~=~)?(DOTTED)"),
    ),
    ends="layout",
)
