"""Markup read line by line: structure, exact places, and what is left out."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from fakes.document_checks import headings, pieces
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.reading.dispatch import read_document
from ragcli.reading.table import FORMAT_OF_SUFFIX


def read(text: str, name: str) -> Document:
    document = read_document(PurePath(name), text.encode())
    assert document.text == text and document.has_lines
    assert document.format == FORMAT_OF_SUFFIX[PurePath(name).suffix]
    return document


RST = """=======
 手册 A
=======

:Author: Ada Li
:Date: 2024-05-06

Intro with `a link <http://x.y>`_.
Second line.

.. _label:

Install ``tool``
----------------

.. a comment
   over two lines

.. note:: Mind this.

   And this body.

.. code-block:: python
   :linenos:

   def f():

       return 1

Then::

    literal *text*

Done.

:ref:`Sub <x>`
~~~~~~~~~~~~~~

- one

  more
- two

1. first

+---+---+
| a | b |
+---+---+

====  ====
 c     d
====  ====
 1     2
====  ====

.. figure:: pic.png
   :alt: alt

   The caption.

.. list-table:: Prices
   :header-rows: 1

   * - x
     - y

.. image:: no.png
.. include:: /etc/passwd
.. toctree::

   page

.. [1] A footnote.

.. _site: https://example.org

term
  definition

第二章
------

尾声。
"""


def test_rst_has_each_block_at_its_place():
    document = read(RST, "a.rst")
    assert headings(document) == [(1, "手册 A"), (2, "Install tool"), (3, "Sub"), (2, "第二章")]
    assert [p for p in pieces(document) if p[0] != "heading"] == [
        ("list", ":Author: Ada Li\n:Date: 2024-05-06"),
        ("paragraph", "Intro with `a link <http://x.y>`_.\nSecond line."),
        ("paragraph", ".. note:: Mind this."),
        ("paragraph", "And this body."),
        ("code", "   def f():\n\n       return 1"),
        ("paragraph", "Then::"),
        ("code", "    literal *text*"),
        ("paragraph", "Done."),
        ("list", "- one\n\n  more\n- two\n\n1. first"),
        ("table", "+---+---+\n| a | b |\n+---+---+"),
        ("table", "====  ====\n c     d\n====  ====\n 1     2\n====  ===="),
        ("paragraph", "The caption."),
        ("paragraph", ".. list-table:: Prices"),
        ("table", "   * - x\n     - y"),
        ("paragraph", ".. [1] A footnote."),
        ("paragraph", ".. _site: https://example.org"),
        ("paragraph", "term\n  definition"),
        ("paragraph", "尾声。"),
    ]
    assert (document.title, document.date) == ("手册 A", "2024-05-06")
    assert document.metadata == {"author": "Ada Li", "date": "2024-05-06"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A\n=\n\nB\n-\n\nC\n=\n", [(1, "A"), (2, "B"), (1, "C")]),
        ("===\nA\n===\n\nB\n===\n", [(1, "A"), (2, "B")]),
        ("*Emph* of :class:`~a.B`\n=======================\n", [(1, "Emph of ~a.B")]),
        ("text\n\n----\n\nmore\n", []),
        ("a paragraph\nwith an end\n----\n", []),
        ("  indented\n  --------\n", []),
        ("long title of many words\n---\n", []),
    ],
)
def test_rst_levels_are_in_order_of_appearance(source: str, expected: list[tuple[int, str]]):
    assert headings(read(source + "\nend\n", "a.rst")) == expected


ADOC = """= 指南 for *users*
Ada Li <ada@example.org>
v1.2, 2024-05-06: final
:toc: left
:keywords: a, b

A preamble
of two lines.

// a comment
////
a comment
block
////

[[sec]]
== First {version}Section

include::other.adoc[]
image::x.png[Alt]

.A title
[source,python]
----
def f():

    return "== no"
----

 literal

* one
** two
+
----
in an item
----
* three

NOTE: Mind.

[NOTE]
====
Inside an example.
====

|===
|a |b

|1 |2
|===

CPU:: The brain
RAM:: 内存

Old title
~~~~~~~~~

'''

=== Third

尾声。
"""


def test_asciidoc_has_each_block_at_its_place():
    document = read(ADOC, "a.adoc")
    assert headings(document) == [
        (1, "指南 for users"), (2, "First Section"), (3, "Old title"), (3, "Third")
    ]  # fmt: skip
    assert [p for p in pieces(document) if p[0] != "heading"] == [
        ("paragraph", "Ada Li <ada@example.org>\nv1.2, 2024-05-06: final"),
        ("paragraph", "A preamble\nof two lines."),
        ("paragraph", ".A title"),
        ("code", 'def f():\n\n    return "== no"'),
        ("code", " literal"),
        ("list", "* one\n** two\n+\n----\nin an item\n----\n* three"),
        ("paragraph", "NOTE: Mind."),
        ("paragraph", "Inside an example."),
        ("table", "|a |b\n\n|1 |2"),
        ("list", "CPU:: The brain\nRAM:: 内存"),
        ("paragraph", "尾声。"),
    ]
    assert (document.title, document.date) == ("指南 for users", "2024-05-06")
    assert document.metadata == {
        "author": "Ada Li <ada@example.org>", "revdate": "2024-05-06", "toc": "left",
        "keywords": "a, b",
    }  # fmt: skip


ORG = """#+TITLE: 笔记
#+AUTHOR: Ada
#+DATE: <2024-05-06 Mon>
#+OPTIONS: toc:nil

Preamble.
* TODO [#A] Install [[http://x][the tool]]    :tag:work:
SCHEDULED: <2024-01-01>
:PROPERTIES:
:ID: 1
:END:
Some text
of two lines.
# a comment
** Code
#+BEGIN_SRC python :results output
* no heading
def f(): pass
#+END_SRC
#+begin_quote
A quote.
#+end_quote
#+CAPTION: The table
| a | b |
|---+---|
| 1 | 2 |

- one

  more
- two

: verbatim
* 第二
尾声。
"""


def test_org_has_each_block_at_its_place():
    document = read(ORG, "a.org")
    assert headings(document) == [(1, "Install the tool"), (2, "Code"), (1, "第二")]
    assert [p for p in pieces(document) if p[0] != "heading"] == [
        ("paragraph", "Preamble."),
        ("paragraph", "Some text\nof two lines."),
        ("code", "* no heading\ndef f(): pass"),
        ("paragraph", "A quote."),
        ("paragraph", "#+CAPTION: The table"),
        ("table", "| a | b |\n|---+---|\n| 1 | 2 |"),
        ("list", "- one\n\n  more\n- two"),
        ("code", ": verbatim"),
        ("paragraph", "尾声。"),
    ]
    assert (document.title, document.date) == ("笔记", "2024-05-06")
    assert document.metadata == {"title": "笔记", "author": "Ada", "date": "<2024-05-06 Mon>"}


SUFFIXES = [".rst", ".adoc", ".org", ".wiki", ".diff"]


MARKUP = st.text(st.sampled_from(" \t\n\r=-~*+.:|#[]`_<>{}/'1ab中\ufeff"), max_size=80)


@given(st.one_of(MARKUP, st.text()), st.sampled_from(SUFFIXES))
def test_any_text_keeps_the_invariants(text: str, name: str):
    document = read_document(PurePath(f"a{name}"), b"word\n\n" + text.encode("utf-8", "replace"))
    assert all(b.char_start < b.char_end for b in document.blocks)
    outside = document.text
    for block in document.blocks:
        piece = document.text[block.char_start : block.char_end]
        assert piece == piece.rstrip()
        outside = outside.replace(piece, "", 1)
    assert document.blocks and len(outside) < len(document.text)


# ------------------------------------------------------------------ MediaWiki, patches

WIKI = """__TOC__
'''手册''' is a [[tool|thing]].
Second line.

== Install ''it'' ==
* one
** two
# three

{| class="x"
! a
|-
| b || c
|}
<syntaxhighlight lang="python">
== no ==
def f(): pass
</syntaxhighlight>
 verbatim
 more
=== [[深|深入]] ===
尾声。
----
[[Category:Things]]
"""


def test_mediawiki_has_each_block_at_its_place():
    document = read(WIKI, "a.wiki")
    assert headings(document) == [(2, "Install it"), (3, "深入")]
    assert [p for p in pieces(document) if p[0] != "heading"] == [
        ("paragraph", "'''手册''' is a [[tool|thing]].\nSecond line."),
        ("list", "* one\n** two\n# three"),
        ("table", '{| class="x"\n! a\n|-\n| b || c\n|}'),
        (
            "code",
            '<syntaxhighlight lang="python">\n== no ==\ndef f(): pass\n</syntaxhighlight>',
        ),
        ("code", " verbatim\n more"),
        ("paragraph", "尾声。"),
    ]


PATCH = """From 1 Mon Sep 17 00:00:00 2001
Subject: [PATCH 1/2] 修复 the reader

It lost words.
---
diff --git a/src/a.py b/src/a.py
index 1..2 100644
--- a/src/a.py
+++ b/src/a.py
@@ -1,2 +1,2 @@
-x

+y
diff --git a/b.txt b/b.txt
new file mode 100644
--- /dev/null
+++ b/b.txt
@@ -0,0 +1 @@
+文
--- c.old\t2024
+++ c.new\t2024
@@ -1 +1 @@
-a
+b
"""


def test_a_patch_has_a_section_for_each_file():
    document = read(PATCH, "a.patch")
    assert headings(document) == [(1, "src/a.py"), (1, "b.txt"), (1, "c.new")]
    assert document.title == "修复 the reader"
    kinds = [kind for kind, _ in pieces(document)]
    assert kinds == ["paragraph", "paragraph", *["heading", "code"] * 3]
    assert pieces(document)[-1][1] == "+++ c.new\t2024\n@@ -1 +1 @@\n-a\n+b"
