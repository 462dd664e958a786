"""The article of a page is read without what surrounds it; a page without one loses nothing."""

from __future__ import annotations

import json
from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings

from ragcli.domain import Document
from ragcli.reading import html

ENGLISH = [
    "The council voted on Tuesday to close the old harbour bridge for two years, because its "
    "northern pillars have moved by eleven centimetres since the flood of last spring.",
    "Engineers had warned of the damage in March; repairs will cost forty million, and a ferry "
    "will carry pedestrians and bicycles across the river until the work is finished.",
    "Shopkeepers on the eastern bank fear for their customers. The mayor promised free parking, "
    "longer opening hours of the market, and a report on the works every month.",
]
PROSE = "".join(f"<p>{text}</p>" for text in ENGLISH)
CHINESE = [
    "市议会星期二投票决定，将旧港大桥封闭两年，因为去年春天的洪水之后，北侧桥墩已经移动了十一厘米，"
    "继续通行会有危险。",
    "工程师早在三月就提出过警告；维修费用将达四千万，在工程结束之前，行人和自行车由渡轮运送过河，"
    "每天从早上六点开到晚上十点。",
    "东岸的店主担心顾客减少。市长承诺提供免费停车，延长集市的营业时间，并且每个月公布一次工程进展报告。",
]
MENU = "".join(f"<li><a href='/s{i}'>Section number {i}</a>" for i in range(8))
TEASERS = "".join(
    f"<div><h3><a href='/t{i}'>Another story {i}</a></h3><p>What happened elsewhere on that day, "
    "told in one sentence that is long enough to look like prose of its own.</p></div>"
    for i in range(4)
)


def read(source: str) -> Document:
    document = html.read(source.encode(), PurePath("a.html"))
    check(document)
    return document


def news(paragraphs: list[str], title: str) -> str:
    """A page as sites make them: the article is a small part of it."""
    body = "".join(f"<p>{p}</p>" for p in paragraphs)
    comments = "".join(f"<li><p>Reader {i}: {ENGLISH[i % 3]}</p>" for i in range(6))
    return f"""<html><head><title>{title} | The Daily</title></head><body class="has-sidebar">
    <div id="cookie-banner"><p>We use cookies for things that you may not want, and tell you so in
    a paragraph that is long, has commas, and stands before everything else.</p></div>
    <div class="top"><ul>{MENU}</ul></div>
    <div class="page"><div class="left"><h1>{title}</h1>
      <div class="share-bar">Share this on all networks, please, with everybody you know.</div>
      <div class="story"><figure><img src=x><figcaption>The bridge in June.</figcaption></figure>
      {body}<ul><li>closed: two years</ul></div>
      <div class="related-articles"><p>Read on: {ENGLISH[0]}</p></div>
      <div class="comments"><ol>{comments}</ol></div>
      <div class="more">{TEASERS}</div></div>
    <div class="right"><ul>{MENU}</ul><form><p>Get our letter every morning, with all the news that
    fits, and nothing that does not; you can stop it whenever you like.</p></form></div></div>
    <div class="bottom"><p><a href=/a>About</a> <a href=/b>Contact</a></p></div></body></html>"""


@pytest.mark.parametrize(
    ("paragraphs", "title"), [(ENGLISH, "Old bridge closes"), (CHINESE, "旧港大桥封闭两年")]
)
def test_the_article_without_what_surrounds_it(paragraphs: list[str], title: str) -> None:
    document = read(news(paragraphs, title))
    expected = [title, "The bridge in June.", *paragraphs, "- closed: two years"]
    assert document.text == "\n\n".join(expected)
    assert headings(document) == [(1, title)]
    assert document.title == title


def test_comments_count_where_they_are_the_page() -> None:
    posts = "".join(f"<div class='comment'><p>{p}</p></div>" for p in ENGLISH * 3)
    document = read(f"<h1>How to cross the river?</h1><div class='discussion'>{posts}</div>")
    assert all(document.text.count(p) == 3 for p in ENGLISH)


def test_a_header_with_a_linked_author_is_no_teaser() -> None:
    lead, *rest = ENGLISH
    document = read(
        f"<article><header><h1>The bridge</h1><p>{lead}</p><h4><a href=/a>Ada</a></h4></header>"
        f"<section>{''.join(f'<p>{p}</p>' for p in rest)}</section></article>"
    )
    assert document.text.startswith(f"The bridge\n\n{lead}") and document.text.endswith(rest[-1])


def test_cards_without_headings_and_reviews_are_left_out() -> None:
    """Sites whose classes say nothing link a picture with its title."""
    card = (
        "<div class=c1><a href=/t><img src=x><div>Another story of that day</div></a>"
        "<p>What happened elsewhere, told in a sentence that looks like prose of its own.</p></div>"
    )
    body = "".join(f"<p>{p}</p>" for p in ENGLISH)
    document = read(
        f"<div><div><h1>The bridge</h1>{body}</div><div>{card * 3}</div>"
        f"<section class=reviews><p>{ENGLISH[0]}</p></section></div>"
    )
    assert document.text == "\n\n".join(["The bridge", *ENGLISH])


def test_a_name_that_would_leave_out_the_article_is_not_believed() -> None:
    body = "".join(f"<p>{p}</p>" for p in ENGLISH)
    for name in ("page-with-sidebar", "post tag-social tag-menu", "main-nav-wrapper"):
        assert read(f"<div class='{name}'>{body}</div>").text == "\n\n".join(ENGLISH)


def test_sections_named_after_their_headings_are_kept() -> None:
    sections = "".join(
        f"<section id='{slug}'><h2>{name}</h2><p>{text}</p></section>"
        for slug, name, text in zip(
            ("menu-bar", "navigation", "search-and-replace"),
            ("Menu bar", "Navigation", "Search and replace"),
            ENGLISH,
            strict=True,
        )
    )
    document = read(f"<main><h1>The editor</h1>{sections}</main>")
    assert [title for _, title in headings(document)][1:] == [
        "Menu bar", "Navigation", "Search and replace"
    ]  # fmt: skip
    assert all(p in document.text for p in ENGLISH)


def test_pages_without_an_article_lose_nothing() -> None:
    rows = "".join(f"<tr><td>Part {i}</td><td>{i * 7} pieces</td></tr>" for i in range(50))
    table = read(f"<h1>Stock</h1><p>All of it.</p><table>{rows}</table>")
    assert "Stock" in table.text and "All of it." in table.text
    assert all(f"Part {i} | {i * 7} pieces" in table.text for i in range(50))
    index = read(f"<h1>Contents</h1><ul>{MENU}</ul>{TEASERS}")
    assert all(f"Section number {i}" in index.text for i in range(8))
    assert all(f"Another story {i}" in index.text for i in range(4))


def test_documentation_keeps_code_tables_lists_and_notes() -> None:
    document = read(
        f"<body><div class=toc><ul>{MENU}</ul></div><div class=body><h1>bridge(1)</h1>"
        f"<p>{ENGLISH[0]}</p><pre>bridge --close NAME</pre><p>{ENGLISH[1]}</p>"
        "<dl><dt>--close<dd>Closes it.</dl><table><tr><th>Code<td>Meaning<tr><td>0<td>Done</table>"
        f"<p>{ENGLISH[2]}</p><div class='admonition'><p>Mind the gap.</p></div>"
        "<aside class='footnote-list'><p>[1] Since the flood.</p></aside></div></body>"
    )
    for text in ("bridge --close NAME", "- --close\n  Closes it.", "Code | Meaning\n0 | Done"):
        assert text in document.text
    assert "Mind the gap." in document.text and "[1] Since the flood." in document.text
    assert "Section number" not in document.text


def test_what_leads_to_the_article_and_tables_of_links_are_kept() -> None:
    body = "".join(f"<p>{p}</p>" for p in ENGLISH * 3)
    lead = "A short word that stands before the rest of it all."
    rows = "".join(f"<tr><td><a href='/m{i}'>Module {i}</a><td>stable" for i in range(9))
    document = read(
        f"<div><h1>Bridge</h1><p>{lead}</p><div>{body}</div>"
        f"<table><tr><th>Module<th>State{rows}</table><ul>{MENU}</ul></div>"
    )
    assert document.text.startswith(f"Bridge\n\n{lead}\n\n")
    assert "Module | State\nModule 0 | stable" in document.text
    assert "Section number" not in document.text


def test_a_table_is_kept_whatever_is_put_around_it() -> None:
    rows = "".join(f"<tr><td><a href='/m{i}'>Module {i}</a><td>stable" for i in range(9))
    table = f"<table><tr><th>Module<th>State{rows}</table>"
    document = read(f"<main>{PROSE}<div class=wide><div>{table}</div></div>{PROSE}</main>")
    assert "Module | State\nModule 0 | stable" in document.text


def test_links_within_the_page_lead_nowhere() -> None:
    link = "<p><a href='a.html#t{0}'>Term{0}</a> = <a href='#s'>Sum</a>"
    terms = "".join(link.format(i) for i in range(9))
    others = terms.replace("a.html#t", "b.html#t").replace("#s", "b.html#s")
    document = read(f"<main>{PROSE}<div>{terms}</div>{PROSE}<div>{others}</div></main>")
    assert document.text.count("Term3 = Sum") == 1


def test_a_main_heading_outside_the_article_comes_first() -> None:
    body = "".join(f"<p>{p}</p>" for p in ENGLISH)
    page = (
        "<title>Old bridge closes - The Daily</title><div id=logo><h1>The Daily</h1></div>"
        f"<div><h2>Old bridge closes</h2></div><div>{body}</div>"
    )
    assert headings(read(page)) == [(2, "Old bridge closes")]
    page = page.replace("Old bridge closes", "旧港大桥封闭").replace("The Daily", "港口日报")
    assert headings(read(page)) == [(2, "旧港大桥封闭")]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("<title>Bridge closes | Site</title><meta property=og:title content='Bridge closes'>",
         "Bridge closes"),
        ("<title>Bridge closes - The Daily</title><meta property=og:site_name content='The Daily'>",
         "Bridge closes"),
        ("<title>The Daily: Bridge closes</title><meta property=og:site_name content='the daily'>",
         "Bridge closes"),
        ("<title>大桥封闭_港口报</title><meta property=og:site_name content='港口报'>", "大桥封闭"),
        ("<title>Bridge closes | S</title><meta property=og:title content='Bridge closes | S'>"
         "</head><h1>Bridge closes</h1>", "Bridge closes"),
        ("<title>Bridge - part one</title>", "Bridge - part one"),
        ("<title>The Daily</title><meta property=og:site_name content='The Daily'>", "The Daily"),
    ],
)  # fmt: skip
def test_titles_lose_the_name_of_the_site(head: str, expected: str) -> None:
    assert read(f"<head>{head}</head><p>text</p>").title == expected


def test_facts_from_linked_data() -> None:
    data = {
        "@graph": [
            {"@type": "WebSite"},
            {
                "@type": "NewsArticle",
                "datePublished": "2024-05-06T07:08:09+02:00",
                "author": [{"name": "Ann"}, {"name": "王五"}, "https://example.org/x"],
                "articleBody": "Shown by a script.\n\nIn two paragraphs.",
            },
        ]
    }
    page = (
        f"<html lang=en-GB><script type='application/ld+json'>{json.dumps(data)}</script>"
        "<script type='application/ld+json'>{broken</script>"
        "<link rel=canonical href='https://example.org/a'>"
    )
    document = read(page + "<p>text</p>")
    assert document.date == "2024-05-06T07:08:09+02:00"
    assert document.metadata == {"author": "Ann, 王五", "url": "https://example.org/a"}
    assert document.text == "text\n\nShown by a script.\n\nIn two paragraphs."
    assert document.language == "en"
    assert "Shown by a script." not in read(page + f"<p>{ENGLISH[0]}</p><p>{ENGLISH[1]}</p>").text


def test_the_stated_language_is_a_hint_only() -> None:
    assert read("<html lang=zh-CN><p>OK").language == "zh"
    assert read(f"<html lang=zh-CN><p>{ENGLISH[0]}").language is None  # the text will tell
    assert read("<html lang='{{ lang }}'><p>OK").language is None


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_wide_characters(codec: str) -> None:
    page = f"<html><head><meta charset=utf-16></head><body><p>{CHINESE[0]}</p></body></html>"
    assert html.read(page.encode(codec), PurePath("a.htm")).text == CHINESE[0]


def test_an_xml_declaration_names_the_charset() -> None:
    page = f"<?xml version='1.0' encoding='big5'?><html><body><p>{'檢索'}</p></body></html>"
    assert html.read(page.encode("big5"), PurePath("a.xhtml")).text == "檢索"


HOSTILE = {
    "nested": "<div id=nav>" * 3000 + "<p>deep</p>",
    "links": "<a href=x>" * 3000 + "deep",
    "unclosed": "<p>x" * 3000 + "<li>deep",
    "tables": "<table><tr><td>" * 600 + "deep",
    "headings": "<h1>x" * 2000 + "</h1>deep",
    "cut tag": "deep<p class='",
    "entities": "<!DOCTYPE html [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><p>&b;&b;deep</p>",
    "nul": "a\0b" * 3000 + "deep",
    "plaintext": "deep<plaintext></body></html><p>x",
    "templates": "<template><p>no</p></template><svg><script>no</script></svg><p>deep",
    "json": "<script type='application/ld+json'>" + "[" * 50_000 + "</script>deep",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages(name: str) -> None:
    document = read(HOSTILE[name])
    assert "deep" in document.text
    assert "<script" not in document.text and "aaaa" not in document.text
    assert "no" not in document.text.split()


def test_a_line_of_megabytes() -> None:
    assert len(read("<p>" + "x" * 2_000_000).text) == 2_000_000
