"""Source code: its definitions as sections, in every language, and what is no definition."""

from pathlib import Path, PurePath

import pytest
from fakes.document_checks import check, headings, pieces
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


def samples() -> list[tuple[str, list[str], str]]:
    """(name, expected paths, source) of each sample."""
    text = Path(__file__).with_name("code_samples.txt").read_text(encoding="utf-8")
    found = []
    for sample in text.split("==== ")[1:]:
        name, *lines = sample.splitlines(keepends=True)
        paths = [line[3:].strip() for line in lines if line.startswith("-> ")]
        source = "".join(line for line in lines if not line.startswith("-> "))
        found.append((name.strip(), paths, source))
    return found


@pytest.mark.parametrize(("name", "expected", "source"), samples(), ids=str)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_definitions_of_each_language(
    name: str, expected: list[str], source: str, end: str
) -> None:
    found = [path for path, _ in sections(read(source.replace("\n", end), name))]
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


CODE = st.text(st.sampled_from(" \t\n\r\f#@:()'\"\\}{=;defclass x中/*`-"), max_size=60)


@given(st.one_of(CODE, st.text()), st.sampled_from(["a.py", "a.c", "a.js", "a.rb", "a.sql"]))
def test_any_text_keeps_the_invariants(text: str, name: str):
    read(text, name)
