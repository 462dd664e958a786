"""Source code: its definitions as sections, in every language, and what is no definition."""

from pathlib import PurePath

import pytest
from document_checks import check, headings, pieces
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.reading import code
from ragcli.reading.codelanguages import language_of
from ragcli.reading.codescan import LARGE_LINES
from ragcli.reading.encodings import decode
from ragcli.reading.table import FORMAT_OF_NAME, READERS


def read(text: str, name: str = "a.py") -> Document:
    document = code.read(text.encode(), PurePath(name))
    assert document.text == decode(text.encode())
    assert document.has_lines
    assert document.title is None
    check(document)
    return document


def texts(document: Document) -> list[str]:
    return [text for _, text in pieces(document)]


def sections(document: Document) -> list[tuple[str, str]]:
    """(path, text) of each section, a heading's line with what stands under it."""
    path: list[tuple[int, str]] = [(0, "")]
    found: list[tuple[str, str]] = []
    for block in document.blocks:
        text = document.text[block.char_start : block.char_end]
        if block.kind == "heading" or not found:
            path = [p for p in path if p[0] < block.level or p[0] == 0]
            if block.title:
                path.append((block.level, block.title))
            found.append((" › ".join(t for _, t in path[1:]), text))
        else:
            found[-1] = (found[-1][0], found[-1][1] + "\n" + text)
    return found


# ------------------------------------------------------------------ Python


def test_python_is_cut_at_definitions_with_their_decorators_and_comments():
    source = (
        '"""Doc."""\nimport os\n\nX = 1\n# about f\n@cache\ndef f():\n\n    return 1\ny = f()\n\n'
        "class A:\n    z = 1\n    def m(self):\n        pass\n\n    w = 2\n\nasync def g(): ...\n"
    )
    assert sections(read(source)) == [
        ("", '"""Doc."""\nimport os\n\nX = 1'),
        ("f", "# about f\n@cache\ndef f():\n\n    return 1"),
        ("", "y = f()"),
        ("A", "class A:\n    z = 1"),
        ("A › m", "    def m(self):\n        pass"),
        ("A", "    w = 2"),
        ("g", "async def g(): ..."),
    ]


def test_a_file_of_one_definition_is_that_definition():
    source = '"""Doc."""\nimport os\n\n# about f\ndef f():\n    def g(): ...\n\n    return g\n'
    document = read(source)
    assert pieces(document) == [
        ("code", '"""Doc."""\nimport os'),
        ("code", "# about f\ndef f():\n    def g(): ...\n\n    return g"),
    ]
    assert texts(read("x = 1\n\nint f() {\n  a;\n\n  b;\n}\n", "a.c")) == [
        "x = 1",
        "int f() {\n  a;\n\n  b;\n}",
    ]


def test_only_large_functions_are_looked_into():
    inner = "    def g():\n        pass\n"
    body = "    x = 1\n" * LARGE_LINES
    assert headings(read(f"def f():\n{inner}\ndef h():\n{inner}")) == [(1, "f"), (1, "h")]
    assert headings(read(f"def f():\n{inner}{body}def h(): ...\n")) == [
        (1, "f"), (2, "g"), (2, ""), (1, "h")
    ]  # fmt: skip


def test_line_ends_and_form_feeds_do_not_move_python_lines():
    for end in ("\n", "\r\n", "\r"):
        lines = ["\ufeffx = 1", "\f", "def 函数():", "    return 'a'", "z = 1", ""]
        document = read(end.join(lines))
        assert texts(document) == ["\ufeffx = 1", f"def 函数():{end}    return 'a'", "z = 1"]
        document = read(end.join([*lines, "class 类:", "    def 方法(self): ...", ""]))
        assert headings(document) == [(1, "函数"), (1, ""), (1, "类"), (2, "方法")]


def test_python_that_does_not_parse_is_cut_by_patterns():
    document = read(
        "print 'a'\n\ndef f():\n    x\n\n    y\n\nclass A:\n    def m(self):\n        z\n"
    )
    assert headings(document) == [(1, "f"), (1, "A"), (2, "m")]
    read("x = '\\d'\ndef f(): pass\0")
    read("(" * 1000)
    read("-" * 100_000 + "1")


def test_invalid_escapes_in_a_file_warn_nobody():
    assert len(read("x = '\\d'\ndef f(): pass\n").blocks) == 2


# ------------------------------------------------------------------ other languages


JAVA = """package a;

import java.util.List;

/**
 * 账户 of a customer.
 *
 * With { braces } and class Words {
 */
@Entity
@Table(
    name = "accounts"
)
public class Account<T extends Base> implements Closeable {
    private final String name = "class Fake {";

    // Takes money.
    @Override
    public <R> List<R> take(int amount) throws IOException {
        if (amount > 0) {
            call(amount);
        }
        return new Foo() { };
    }

    abstract void declared(int a);

    Account(String name) { this.name = name; }

    enum Kind { A, B }
}

interface Other {
}
"""


def test_a_class_is_a_section_and_its_methods_are_sections_of_it():
    found = sections(read(JAVA, "Account.java"))
    assert [path for path, _ in found] == [
        "", "Account", "Account › take", "Account", "Account › Account", "Account › Kind", "Other"
    ]  # fmt: skip
    by_path = dict(found)
    assert by_path["Account › take"].startswith("    // Takes money.\n    @Override\n    public")
    assert by_path["Account › take"].endswith("{ };\n    }")
    assert found[1][1].startswith("/**\n * 账户") and "String name" in found[1][1]
    assert found[3][1] == "    abstract void declared(int a);"


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        (
            "a.js",
            "import x from 'y'\nexport class A extends B {\n  static #p = 1\n  async m(a = {}) {\n"
            "    if (a) {\n    }\n  }\n  get v() { return `class X {` }\n}\n"
            "const f = async (a, b) => {\n  return /[\"{]/\n}\nfunction* g() {}\nvar h = 3\n"
            "exports.k = function () {\n}\n",
            ["A", "A › m", "A › v", "f", "g", "", "exports.k"],
        ),
        (
            "a.tsx",
            "export interface P {\n  a: string\n}\ntype Q = {\n  b: number\n}\n"
            "export default function App({ a }: P): JSX.Element {\n  return <b>{a}</b>\n}\n"
            "@Injectable({\n  x: 1\n})\nexport class S {\n  constructor(private a: P) {}\n}\n",
            ["P", "Q", "App", "S", "S › constructor"],
        ),
        (
            "a.go",
            "package a\n\n// Store keeps.\ntype Store struct {\n\tn int\n}\n\n"
            "func (s *Store) Add(x int) error {\n\ty := `}\n}`\n\treturn nil\n}\n\n"
            "func New[T any](x T) *Store { return nil }\n",
            ["Store", "(s *Store) Add", "New"],
        ),
        (
            "a.rs",
            "//! 文档\nuse a;\n\n#[derive(Debug)]\npub struct P<'a> {\n    x: &'a str,\n}\n\n"
            "impl<'a> P<'a> {\n    /// Makes.\n    pub fn new(c: char) -> Self\n    where\n"
            "        T: A,\n    {\n        let q = '{';\n        r#\"}\"#\n    }\n}\n\nmod t {\n"
            "    async fn f() {}\n}\n",
            ["P", "impl<'a> P<'a>", "impl<'a> P<'a> › new", "t", "t › f"],
        ),
        (
            "a.c",
            "#include <a>\n\n// adds\nint add(int a) {\n  a;\n\n  b;\n\n}\n\nint declared(int);\n\n"
            "static char *\nname(void)\n{\n#ifdef X\n  if (a) {\n#else\n  {\n#endif\n  }\n}\n"
            "struct s {\n  int a;\n};\n",
            ["add", "", "name", "s"],
        ),
        (
            "a.hpp",
            "#pragma once\nnamespace n {\n\ntemplate <typename T>\nclass A : public B<T> {\npublic:\n"
            "  explicit A(int x) : x_(x) {}\n  ~A();\n  bool operator==(const A& o) const {\n"
            "    return true;\n  }\n};\n\nint A<int>::f() const noexcept {\n  return 1;\n}\n\n"
            "} // namespace n\n",
            ["n", "n › A", "n › A › A", "n › A", "n › A › operator==", "n › A<int>::f"],
        ),
        (
            "a.m",
            "#import <A.h>\n@implementation A\n- (void)run:(int)x with:(id)y {\n  [a b];\n}\n"
            "+ (id)shared\n{\n}\n@end\n",
            ["A", "run", "shared", ""],
        ),
        ("b.m", "% 说明\nfunction [a, b] = f(x)\n  a = 1;\nend\nfunction g\nend\n", ["f", "g"]),
        (
            "a.cs",
            'namespace N\n{\n    [Serializable]\n    public sealed class A\n    {\n'
            '        public int P { get; set; }\n        public async Task<int> Run(int a)\n'
            '        {\n            var s = @"c:\\";\n        }\n        int Q(int x) => x + 1;\n'
            "    }\n}\n",
            ["N", "N › A", "N › A › Run", "N › A"],
        ),
        (
            "a.kt",
            "data class A(val x: Int)\nobject O {\n    fun f(a: Int): Int = a + 1\n\n"
            "    suspend fun <T> List<T>.g() {\n    }\n}\n",
            ["A", "O", "O › f", "O › g"],
        ),
        (
            "a.scala",
            "object A {\n  def f(x: Int): Int = {\n    x\n  }\n  case class B(y: Int)\n}\ntrait C\n",
            ["A", "A › f", "A › B", "C"],
        ),
        (
            "a.swift",
            "struct S: P {\n    init(x: Int) {\n    }\n    mutating func f<T>(_ x: T) where T: Q {\n"
            "    }\n}\nextension S {\n    static func make() -> S { S() }\n}\n",
            ["S", "S › init", "S › f", "S", "S › make"],
        ),
        (
            "a.rb",
            "module M\n  # doc\n  class A < B\n    def self.make(x)\n      <<~TXT\n        def no\n"
            "      TXT\n    end\n\n    def ok?\n      if x\n      end\n    end\n  end\nend\n",
            ["M", "M › A", "M › A › self.make", "M › A › ok?"],
        ),
        (
            "a.php",
            "<?php\nfinal class A {\n    /** 文档 */\n    #[Route('/')]\n    public function f(): int {\n"
            "        return 1;\n    }\n}\nfunction g() {\n}\n",
            ["A", "A › f", "g"],
        ),
        (
            "a.pl",
            "use strict;\n# about\nsub one {\n  my %h = (a => '}');\n}\n\n=head1 X\n\nsub no {\n\n"
            "=cut\n\nsub two {\n}\n",
            ["one", "", "two"],
        ),
        (
            "a.lua",
            "local M = {}\n--[[ function no()\n]]\nfunction M.f(x)\n  return x\nend\n"
            "local g = function()\nend\nreturn M\n",
            ["M.f", "g", ""],
        ),
        ("a.R", "f <- function(x) {\n  x\n}\n\ng = function() 1\n", ["f", "g"]),
        (
            "a.jl",
            "module M\n\nstruct P\n    x\nend\n\nfunction f(x)\n    x\nend\n\ng(x) = 2x\n\nend\n",
            ["M", "P", "f", "g"],
        ),
        (
            "a.dart",
            "class A extends B {\n  A(this.x);\n  @override\n  Widget build(C c) {\n    return x;\n"
            "  }\n}\nvoid main() {\n}\n",
            ["A", "A › build", "main"],
        ),
        (
            "a.ex",
            'defmodule A.B do\n  @doc """\n  def no\n  """\n  def f(0), do: 1\n  def f(n) do\n    n\n'
            "  end\n\n  defp g?(x), do: x\nend\n",
            ["A.B", "A.B › f", "A.B › g?"],
        ),
        (
            "a.erl",
            "-module(a).\n-spec f(x) -> y.\nf(0) ->\n    1;\nf(N) ->\n    N.\n\n% about\ng(X) -> X.\n",
            ["f", "g"],
        ),
        (
            "a.hs",
            "module A where\n\ndata T = X | Y\n\n-- | doc\nf :: Int -> Int\nf 0 = 1\nf n = n\n\n"
            "instance Show T where\n  show _ = \"f = 1\"\n",
            ["T", "f", "Show T"],
        ),
        (
            "a.ml",
            "open X\n\n(* let no = 1 *)\nlet rec f x =\n  let y = 1 in\n  y\n\nmodule M = struct\n"
            "  let g () = 2\nend\n",
            ["f", "M", "M › g"],
        ),
        (
            "a.fs",
            "module A\n\ntype T() =\n    member this.Run x = x\n\nlet f x =\n    x\n",
            ["A", "T", "T › Run", "f"],
        ),
        (
            "a.clj",
            '(ns a.b)\n\n; about\n(defn f\n  "(defn no"\n  [x]\n  x)\n\n(defmacro g [] 1)\n',
            ["a.b", "f", "g"],
        ),
        (
            "a.el",
            ";; doc\n(defun my-f (x)\n  x)\n(defvar my-v 1)\n",
            ["my-f", "my-v"],
        ),
        (
            "a.sh",
            "#!/bin/sh\nset -e\n# about\nrun() {\n  cat <<EOF\nno() {\nEOF\n}\nfunction two {\n:\n}\nrun\n",
            ["run", "two", ""],
        ),
        (
            "a.ps1",
            "function Get-A {\n  param([int]$x)\n}\nClass B {\n  [int] Run() {\n  }\n}\n",
            ["Get-A", "B", "B › Run"],
        ),
        (
            "a.sql",
            "-- 用户\nCREATE TABLE users (\n  id INT\n);\n\ncreate or replace function f() returns int"
            " as $$\nbegin\nend;\n$$;\n",
            ["users", "f"],
        ),
        (
            "a.tf",
            'resource "aws_s3_bucket" "b" {\n  tags = {\n    x = 1\n  }\n}\nvariable "v" {\n}\n',
            ['resource "aws_s3_bucket" "b"', 'variable "v"'],
        ),
        (
            "a.proto",
            'syntax = "proto3";\nmessage A {\n  enum K { X = 0; }\n}\nservice S {\n'
            "  rpc Get(A) returns (A);\n}\n",
            ["A", "A › K", "S", "S › Get"],
        ),
        ("a.graphql", "type A {\n  x: Int\n}\ninput B {\n  y: Int\n}\n", ["A", "B"]),
        (
            "a.zig",
            "pub const S = struct {\n    pub fn f(a: u8) void {\n    }\n};\nfn g() void {\n}\n",
            ["S", "g"],
        ),
        ("a.nim", "proc f(x: int) =\n  echo x\n\nfunc g*(): int =\n  1\n", ["f", "g"]),
        (
            "Makefile",
            "CC := gcc\n\n# builds\nall: a.o\n\tcc a.o\n\nclean:\n\trm a: b\n",
            ["all", "clean"],
        ),
        ("Dockerfile", "FROM a AS build\nRUN x\nFROM b as run\nCOPY y\n", ["build", "run"]),
        (
            "CMakeLists.txt",
            "project(x)\nfunction(f a)\n  set(b)\nendfunction()\nmacro(g)\nendmacro()\n",
            ["f", "g"],
        ),
        (
            "a.vb",
            "Public Class A\n    Public Sub Run(x As Integer)\n        ' Sub No(\n    End Sub\n\n"
            "    Private Function F() As Integer\n    End Function\nEnd Class\n",
            ["A", "A › Run", "A › F"],
        ),
        (
            "a.f90",
            "module m\n  implicit none\ncontains\n  subroutine s(x)\n    x = 1\n  end subroutine\n"
            "  integer function f(y)\n  end function f\nend module\n",
            ["m", "m › s", "m › f"],
        ),
        (
            "a.pas",
            "unit U;\n\nprocedure A(x: integer);\nvar\n  y: integer;\nbegin\n  y := 1;\nend;\n\n"
            "function T.B: string;\nbegin\nend;\n",
            ["A", "T.B"],
        ),
        (
            "a.v",
            "module m(input a);\n  task t;\n  endtask\nendmodule\nmodule n;\nendmodule\n",
            ["m", "m › t", "n"],
        ),
        (
            "a.vhd",
            "entity e is\n  port (a : in bit);\nend entity;\narchitecture r of e is\nbegin\n"
            "  p : process\n  begin\n  end process;\nend r;\n",
            ["entity e", "architecture r of e", "architecture r of e › p"],
        ),
        ("a.asm", "; doc\n_start:\n  mov a, b\nloop1:\n  jmp loop1\n", ["_start", "loop1"]),
        (
            "a.vue",
            "<template>\n  <p>don't</p>\n</template>\n<script>\nexport default {\n  data() {\n  },\n"
            "  methods: {\n    async load(id) {\n    }\n  }\n}\n</script>\n",
            ["default", "default › data", "default", "default › load", ""],
        ),
        (
            "a.gradle",
            "plugins {\n  id 'x'\n}\ntask hello {\n  doLast { }\n}\n",
            ["plugins", "hello"],
        ),
        ("tool", "#!/usr/bin/env python3\nif 1: print 'x'\ndef f():\n  1\ndef g():\n  2\n", ["f", "g"]),
        ("tool", "#!/usr/bin/node\nfunction f() {\n}\nfunction g() {\n}\n", ["f", "g"]),
    ],
)  # fmt: skip
def test_the_definitions_of_each_language(name: str, source: str, expected: list[str]):
    for text in (source, source.replace("\n", "\r\n")):
        found = [path for path, _ in sections(read(text, name))]
        assert (found if found[0] == expected[0] else found[1:]) == expected


def test_leading_comments_and_attributes_stay_with_their_definition():
    source = (
        "int a;\n\n/* one\n\n   two */\n// three\n[[nodiscard]]\nint f() {\n}\n\nint g() {\n}\n"
    )
    assert sections(read(source, "a.cpp"))[1] == (
        "f",
        "/* one\n   two */\n// three\n[[nodiscard]]\nint f() {\n}",
    )


def test_files_that_define_nothing_are_cut_by_layout():
    assert texts(read("a { b: c }\n\nd {\n\n  e: f;\n}\n", "a.css")) == [
        "a { b: c }",
        "d {\n\n  e: f;\n}",
    ]
    block = "  x();\n" * 60 + "\n"
    assert len(texts(read(f"a\n\n{block * 3}", "a.bat"))) == 4


def test_every_language_of_the_table_is_known_and_every_pattern_is_sound():
    layout_only = {".css", ".scss", ".sass", ".less", ".bat", ".cmd", ".awk", ".tcl", ".coffee"}
    names = [f"a{suffix}" for suffix in READERS["code"][1].split() if suffix not in layout_only]
    for name in (*names, *FORMAT_OF_NAME):
        language = language_of(PurePath(name), "")
        assert language, name
        assert language.noise and language.definition and language.continues and language.lead
        assert {kind for kind, _ in language.kinds} <= set("cfmbk")
    assert not any(language_of(PurePath(f"a{suffix}"), "") for suffix in layout_only)


# ------------------------------------------------------------------ strangers' files


@pytest.mark.parametrize(
    "source",
    [
        "{" * 100_000,
        "}" * 100_000,
        "(" * 100_000 + ")" * 100_000,
        "f(){" * 30_000,
        "class A {\n" * 5_000,
        "x" * 1_000_000,
        "def f(x)\n" * 5_000,
        "int f() {\n}\n" * 5_000,
        "static " * 50_000,
        "static" + " " * 300_000,
        '"' * 100_001,
        "/*" * 100_000,
        "(/[" * 50_000,
        "'''" * 50_001,
        "<<A\n" * 20_000,
        "function " * 50_000,
    ],
    ids=lambda source: f"{source[:9].strip()!r}",
)
@pytest.mark.parametrize("name", ["a.js", "a.cpp", "a.java", "a.rb", "a.py", "a.pl", "a.hs"])
def test_hostile_files_are_read_in_linear_time(source: str, name: str):
    read(source, name)


CODE = st.text(st.sampled_from(" \t\n\r\f#@:()'\"\\}{=;defclass x中/*`-"), max_size=60)


@given(st.one_of(CODE, st.text()), st.sampled_from(["a.py", "a.c", "a.js", "a.rb", "a.sql"]))
def test_any_text_keeps_the_invariants(text: str, name: str):
    read(text, name)
