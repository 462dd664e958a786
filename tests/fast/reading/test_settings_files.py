from pathlib import PurePath

import pytest
import yaml
from fakes.document_checks import check, headings, pieces

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import ini, yamldata
from ragcli.reading.dispatch import read_document

PROSE = "The heron waits by the river until a fish comes near. " * 25


def read(text: str, name: str) -> Document:
    document = (yamldata if name.endswith("yaml") else ini).read(text.encode(), PurePath(name))
    check(document, markup="\ufeff-")
    assert document.format == ("yaml" if name.endswith("yaml") else "ini")
    return document


def test_a_small_yaml_file_is_one_piece():
    text = "# settings\nname: rag\n\nports:\n- 80\n- 443\n"
    document = read(text, "a.yaml")
    assert document.has_lines and document.text == text
    assert pieces(document) == [("code", text.strip())]


def test_yaml_is_cut_under_its_keys():
    users = "".join(f"  - name: user {i}\n    city: 奥斯陆\n" for i in range(60))
    text = f"version: 3\n# who they are\nusers:\n{users}count: 60\n"
    document = read(text, "a.yaml")
    assert document.text == text
    found = pieces(document)
    assert found[0] == ("code", "version: 3")
    assert found[1:3] == [("code", "# who they are"), ("heading", "users:")]
    assert found[-1] == ("heading", "count: 60")
    assert headings(document) == [(1, "users"), (1, "count")]
    rows = [piece for kind, piece in found[3:-1]]
    assert len(rows) > 1 and all(piece.lstrip().startswith("- name: user") for piece in rows)


def test_long_list_items_are_named():
    text = (
        f"herons:\n- id: 7\n  title: 'On herons'\n  body: {PROSE}\n- body: {PROSE}\n- title: Owls\n"
    )
    document = read(text, "a.yaml")
    assert headings(document) == [(1, "herons"), (2, "On herons"), (2, "Owls")]


def test_several_documents_are_told_apart():
    text = (
        "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n---\nkind: ConfigMap\n"
        "metadata:\n  name: 设置\ndata:\n  a: 1\n--- # bare\n- 1\n"
    )
    document = read(text, "a.yaml")
    assert headings(document) == [(1, "Service web"), (1, "ConfigMap 设置")]
    assert "--- # bare" in [piece for _, piece in pieces(document)]


def test_escaped_words_in_yaml_are_found():
    value = {"城市": "北京", "note": "one\ntwo", "emoji": "😀"}
    text = yaml.safe_dump(value)
    assert "北京" not in text
    document = read(text, "a.yaml")
    assert "北京" in document.text and not document.has_lines
    assert yaml.safe_load(document.text) == value


def test_sections_of_settings():
    text = "top = 1\n\n[server]\n# where\nhost = localhost\n"
    text += "[数据库 main]\n; none\nuser=张三\n[empty]\n"
    document = read(text, "a.ini")
    assert document.has_lines
    assert pieces(document) == [
        ("code", "top = 1"),
        ("heading", "[server]"),
        ("code", "# where\nhost = localhost"),
        ("heading", "[数据库 main]"),
        ("code", "; none\nuser=张三"),
        ("heading", "[empty]"),
    ]


def test_tables_of_toml_have_levels():
    text = (
        'title = "x"\n[tool.ruff] # lint\nselect = [\n  "E",\n]\n[[tool.ruff.rules]]\n'
        "pairs = [\n  [1, 2],\n  [3, 4]\n]\n"
    )
    document = read(text, "a.toml")
    assert headings(document) == [(2, "tool.ruff"), (3, "tool.ruff.rules")]


def test_old_properties_are_read():
    document = read(
        "# \\u95ee\\u5019\ngreeting=\\u4f60\\u597d\\\n  world\npath=C:\\new\n", "a.properties"
    )
    assert document.text == "# 问候\ngreeting=你好\\\n  world\npath=C:\\new\n"
    assert not document.has_lines


def test_strangers_files():
    for name in ("a.yaml", "a.ini"):
        for text in (
            "".join(" " * i + f"k{i}:\n" for i in range(1500)),
            "- " * 50_000,
            "same: line\n" * 5000,
            "k: " + "x" * 1_000_000,
            "[" * 100_000,
            "# only\n# comments",
            "\tkey: tab\n\x00: 1\n",
            "a: &a [x]\nb: !!python/object/apply:os.system ['true']\n",
            '"' * 5000 + ":",
            "---\n" * 3000 + "a: 1",
        ):
            document = read_document(PurePath(name), text.encode())
            assert document.text == text and document.blocks
    for module in (yamldata, ini):
        with pytest.raises(Unreadable):
            module.read(b"\n \n", PurePath("a.yaml"))
