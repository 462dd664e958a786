from pathlib import PurePath

from document_checks import check, pieces
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.reading import code
from ragcli.reading.encodings import decode


def read(text: str, name: str = "a.py") -> Document:
    document = code.read(text.encode(), PurePath(name))
    assert document.text == decode(text.encode())
    assert document.has_lines
    assert document.title is None
    check(document)
    return document


def texts(document: Document) -> list[str]:
    return [text for _, text in pieces(document)]


def test_python_is_cut_at_definitions_with_their_decorators_and_comments():
    source = (
        '"""Doc."""\nimport os\n\nX = 1\n# about f\n@cache\ndef f():\n\n    return 1\ny = f()\n\n'
        "class A:\n    def m(self):\n        pass\n\n\nasync def g(): ...\n"
    )
    assert texts(read(source)) == [
        '"""Doc."""\nimport os\n\nX = 1',
        "# about f\n@cache\ndef f():\n\n    return 1",
        "y = f()",
        "class A:\n    def m(self):\n        pass",
        "async def g(): ...",
    ]


def test_large_classes_are_cut_at_methods():
    body = "        x = 1\n" * (code.LARGE_LINES // 2)
    source = f"class A:\n    z = 1\n\n    # a\n    def a(self):\n{body}\n    def b(self):\n{body}"
    assert [t.splitlines()[0] for t in texts(read(source))] == [
        "class A:",
        "    # a",
        "    def b(self):",
    ]


def test_line_ends_and_form_feeds_do_not_move_python_lines():
    for end in ("\n", "\r\n", "\r"):
        document = read(
            end.join(["\ufeffx = 1", "\f", "def 函数():", "    return 'a'", "z = 1", ""])
        )
        assert texts(document) == ["\ufeffx = 1", f"def 函数():{end}    return 'a'", "z = 1"]


def test_python_that_does_not_parse_is_cut_by_layout():
    assert texts(read("print 'a'\n\ndef f():\n    x\n\n    y\n\nz = 1\n")) == [
        "print 'a'", "def f():\n    x\n\n    y", "z = 1"
    ]  # fmt: skip
    read("x = '\\d'\ndef f(): pass\0")
    read("(" * 1000)
    read("-" * 100_000 + "1")


def test_invalid_escapes_in_a_file_warn_nobody():
    assert len(read("x = '\\d'\ndef f(): pass\n").blocks) == 2


def test_other_languages_are_cut_at_lines_without_indentation():
    source = "#include <a>\n\n// adds\nint add() {\n  a;\n\n  b;\n\n}\n\nint main() {\n}\n"
    assert texts(read(source, "a.c")) == [
        "#include <a>",
        "// adds\nint add() {\n  a;\n\n  b;\n\n}",
        "int main() {\n}",
    ]


def test_large_pieces_are_cut_again_inside():
    method = "    void m() {\n" + "        x();\n" * 60 + "\n        y();\n    }\n\n"
    assert [t.split("\n")[0] for t in texts(read(f"class A {{\n\n{method * 3}}}\n", "A.java"))] == [
        "class A {", "    void m() {", "    void m() {", "    void m() {"
    ]  # fmt: skip


CODE = st.text(st.sampled_from(" \t\n\r\f#@:()'\"\\}=defclass x中"), max_size=60)


@given(st.one_of(CODE, st.text()), st.sampled_from(["a.py", "a.c"]))
def test_any_text_keeps_the_invariants(text: str, name: str):
    read(text, name)
