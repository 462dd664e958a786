import json
from pathlib import PurePath
from typing import Any

import pytest
from fakes.document_checks import check, headings, pieces
from hypothesis import given, settings
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import jsondata
from ragcli.reading.dispatch import read_document

PROSE = "The heron waits by the river until a fish comes near. " * 30


def read(data: str | bytes, name: str = "a.json") -> Document:
    raw = data.encode() if isinstance(data, str) else data
    document = jsondata.read(raw, PurePath(name))
    check(document, markup="\ufeff[]{}, ")
    assert document.format == "json"
    return document


def dumped(value: Any, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, **options)


def test_a_small_file_is_one_piece_and_stays_as_it_is():
    text = '{\n  "name": "rag",\n  "port": 80\n}\n'
    document = read(text)
    assert document.has_lines and document.text == text
    assert pieces(document) == [("code", text.strip())]


def test_records_are_blocks_under_their_key():
    users = [{"name": f"user {i}", "city": "Oslo"} for i in range(40)]
    for indent in (None, 2):
        text = dumped({"version": 3, "users": users, "count": 40}, indent=indent)
        document = read(text)
        assert document.text == text and document.has_lines
        found = pieces(document)
        assert found[0] == ("code", '"version": 3')
        assert found[1] == ("heading", '"users": [')
        assert [json.loads(piece) for _, piece in found[2:42]] == users
        assert found[42:] == [("heading", '"count":'), ("code", "40")]
        assert headings(document) == [(2, "users"), (2, "count")]


def test_a_long_record_is_cut_under_its_own_name():
    records = [
        {"id": 1, "title": "On herons", "body": PROSE},
        {"id": 2, "title": "On owls", "body": "short"},
        {"id": 3, "body": PROSE},
    ]
    document = read(dumped(records))
    assert headings(document) == [(2, "On herons"), (2, "On owls"), (2, "3")]
    assert [kind for kind, _ in pieces(document)] == [
        *("heading", "code", "paragraph"),
        *("heading", "code"),
        *("heading", "code", "paragraph"),
    ]
    assert pieces(document)[1] == ("code", '"id": 1, "title": "On herons"')


def test_plain_values_share_blocks():
    document = read(dumped(list(range(2000))))
    assert 5 < len(document.blocks) < 15
    assert all(b.char_end - b.char_start <= 1000 for b in document.blocks)


def test_chinese_behind_escapes_is_found():
    value = {"标题": "苍鹭", "正文": "等在河边😀", "note": 'said "no" \\ yes\x07'}
    text = json.dumps(value)
    assert "苍鹭" not in text
    document = read(text)
    assert not document.has_lines
    assert all(word in document.text for word in ("标题", "苍鹭", "等在河边😀"))
    assert json.loads(document.text) == value
    raw = read(dumped(value))
    assert raw.has_lines and json.loads(raw.text) == value


def test_words_behind_line_ends_are_found():
    document = read(r'{"text": "Good night\nHello\tthere", "path": "C:\\new\\u4e2d"}')
    assert "night\nHello\tthere" in document.text
    assert r"C:\\new\\u4e2d" in document.text
    assert not document.has_lines
    assert read(r'{"text": "a line\n"}').has_lines


def test_lone_surrogates_in_escapes():
    document = read_document(PurePath("a.json"), rb'["\ud83d alone", "\ude00", "\u4e2d"]')
    document.text.encode()
    assert "中" in document.text and "alone" in document.text


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json"])
def test_json_lines(name: str):
    records = [{"question": f"问题 {i}?", "answer": "是"} for i in range(5)]
    text = "".join(dumped(record) + "\r\n" for record in records)
    document = read("\ufeff" + text, name)
    assert document.has_lines and document.text == "\ufeff" + text
    assert [json.loads(piece) for _, piece in pieces(document)] == records


def test_json_lines_with_escapes_and_a_broken_line():
    lines = [json.dumps({"text": f"第{i}行\n下一行"}) for i in range(3)]
    document = read("\n".join([lines[0], '{"broken": [', lines[1], "", "7", lines[2]]), "a.jsonl")
    assert pieces(document) == [
        ("code", '{"text": "第0行\n下一行"}'),
        ("code", '{"broken": ['),
        ("code", '{"text": "第1行\n下一行"}'),
        ("code", "7"),
        ("code", '{"text": "第2行\n下一行"}'),
    ]


def test_what_is_not_complete_is_read_as_lines():
    text = '{"a": [1, 2,\n\n "b": "text'
    document = read(text)
    assert document.text == text
    assert pieces(document) == [("code", '{"a": [1, 2,'), ("code", ' "b": "text')]


def test_comments_and_trailing_commas_do_no_harm():
    text = '{\n// a comment\n"a": [1, 2,],\n"b": {},\n}'
    assert pieces(read(text)) == [("code", text)]


def test_strangers_files():
    deep = 5_000
    for text in (
        "[" * deep + "]" * deep,
        '{"a":' * deep + "1" + "}" * deep,
        "[" * deep,
        "]" * deep,
        '"' * 9_999,
        '["' + "x" * 1_000_000 + '"]',
        "[" + "7" * 1_000_000 + "]",
        "[" + '"\\\\\\"",' * 20_000 + "1]",
        "[" + "{}," * 20_000 + "{}]",
        '{"same": "line"}\n' * 5000,
        '["a\x00b"]',
        '{"' + "k" * 5000 + '": [' + "1," * 2000 + "1]}",
    ):
        document = read(text)
        assert document.text == text and 1 <= len(document.blocks) <= 110_000


def test_nothing_in_it():
    for data in (b" \n", b"\xef\xbb\xbf"):
        with pytest.raises(Unreadable):
            jsondata.read(data, PurePath("a.json"))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.just(PROSE),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.text('ab中"', min_size=1, max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(st.lists(values, min_size=1, max_size=4), st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_nothing_is_lost(data: list[Any], escaped: bool, indented: bool):
    text = json.dumps(data, ensure_ascii=escaped, indent=1 if indented else None)
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return
    document = jsondata.read(raw, PurePath("a.json"))
    outside, end = "", 0
    for block in document.blocks:
        outside += document.text[end : block.char_start]
        end = block.char_end
    assert not set(outside + document.text[end:]) - set("[]{}, \n")
    assert json.loads(document.text, strict=False) == data
