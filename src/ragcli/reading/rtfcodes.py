"""Tables of the Rich Text Format (specification 1.9.1): code pages, characters, destinations."""

from __future__ import annotations

import codecs

# Font charsets (specification, "Font Table") and the codecs of their bytes.
_CHARSETS = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
SYMBOL_CHARSET = 2
_MULTI_BYTE = frozenset(("cp932", "cp949", "gbk", "cp950", "gb18030", "utf-8"))
_PAGES = {
    936: "gbk",
    10000: "mac_roman",
    10001: "shift_jis",
    10007: "mac_cyrillic",
    10008: "gb2312",
    54936: "gb18030",
    65001: "utf-8",
}
# \ansi, \mac, \pc and \pca, where no \ansicpg follows.
DEFAULT_PAGES = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}


def codec_of_page(number: int) -> str | None:
    """Python's codec for a Windows code page, None when it has none."""
    name = _PAGES.get(number, f"cp{number}")
    try:
        return codecs.lookup(name).name if number > 0 else None
    except LookupError:
        return None


def decoded(data: bytes, charset: int | None, default: str) -> str:
    """Bytes under a font of this charset, in a file whose code page is ``default``.

    Programs that know of no charsets write 0 for every font: there, what is valid in an East
    Asian code page of the file is text of that page.
    """
    codec = _CHARSETS.get(1 if charset is None else charset, default)
    if charset == 0 and default in _MULTI_BYTE and not data.isascii():
        try:
            return data.decode(default)
        except UnicodeDecodeError:
            return data.decode(codec, "replace")
    return data.decode(codec, "replace")


CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "softline": "\n",
    "page": "\n",
    "column": "\n",
    "emdash": "\u2014",
    "endash": "\u2013",
    "emspace": "\u2003",
    "enspace": "\u2002",
    "qmspace": "\u2005",
    "bullet": "\u2022",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "zwj": "\u200d",
    "zwnj": "\u200c",
}
SIGNS = {b"~": " ", b"_": "\u2011", b"\\": "\\", b"{": "{", b"}": "}"}

# Groups whose text is not the document's. Those marked with \* are left out unless named below.
SKIPPED = frozenset(
    [
        "aftnsep",
        "aftnsepc",
        "aftncn",
        "colortbl",
        "comment",
        "filetbl",
        "fontemb",
        "ftncn",
        "ftnsep",
        "ftnsepc",
        "listoverridetable",
        "listtable",
        "mmathPict",
        "mmathPr",
        "nonesttables",
        "nonshppict",
        "objclass",
        "objdata",
        "objname",
        "picprop",
        "pict",
        "pn",
        "pntxta",
        "pntxtb",
        "private",
        "rxe",
        "shprslt",
        "sp",
        "tc",
        "tcn",
        "template",
        "txe",
        "upr",
        "xe",
    ]
)
# Groups marked with \* whose text shows, or is asked for.
STARRED = frozenset(
    [
        "annotation",
        "atnauthor",
        "do",
        "fldinst",
        "footnote",
        "moMath",
        "moMathPara",
        "nesttableprops",
        "pntext",
        "shpinst",
        "shptxt",
        "ud",
    ]
)
HEADERS = frozenset(("header", "headerl", "headerr", "headerf"))
FOOTERS = frozenset(("footer", "footerl", "footerr", "footerf"))
INFO = {"title": "title", "author": "creator", "subject": "subject", "keywords": "keywords"}
DATES = {"creatim": "created", "revtim": "modified"}
