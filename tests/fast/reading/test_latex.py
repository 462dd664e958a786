"""LaTeX and BibTeX: what is printed, with its accents; nothing of the preamble and comments."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from fakes.document_checks import check, headings, pieces
from hypothesis import given
from hypothesis import strategies as st

from ragcli.domain import Document
from ragcli.errors import Unreadable
from ragcli.reading import bibtex, latex
from ragcli.reading.latexwords import plain_words


def read(text: str) -> Document:
    document = latex.read(text.encode(), PurePath("a.tex"))
    check(document)
    return document


PAPER = r"""\documentclass[a4paper]{article}
\usepackage{amsmath}
\newcommand{\ours}{\textsc{FastRank}\xspace}
\def\etal{et al.}
\title[short]{On Poincar\'e and G\"odel}
\author{Ada Li\thanks{x} \and Erd\H{o}s P\'al}
\date{2024-05-06}
\begin{document}
\maketitle
% a comment with words
\begin{abstract}
We show that \ours{} is \emph{fast} (see~\cite{a,b})---as
na\"{\i}ve as \v{C}apek\footnote{A note.}.  % end
\end{abstract}

\section{Introduction \label{sec:i}}
第一段 ``quoted'' 50\% \& more, by Li \etal

Second $a_1 < b$ paragraph\label{x}: \verb|\raw{}| and \href{http://x.y}{a link}.
\begin{equation}
  E = mc^2 \quad \text{if } x
\end{equation}
with more.

\subsection*{列表}
\begin{itemize}
  \item one
  \begin{enumerate}
    \item inner
  \end{enumerate}

  \item[two] second
\end{itemize}
\begin{table}[ht]\centering
  \caption{Results of \ours}
  \begin{tabular}{l|r}
    \hline
    Name & Value \\[2pt]
    \multicolumn{2}{c}{both} \\
    $x$ & 3 \\ \hline
  \end{tabular}
\end{table}
\begin{lstlisting}[language=C]
char *s = "\"e % kept";

int main() {}
\end{lstlisting}
\begin{tikzpicture} \draw (0,0); no \end{tikzpicture}
\input{other}
\end{document}
not printed
"""


def test_a_paper_is_what_is_printed() -> None:
    document = read(PAPER)
    assert headings(document) == [
        (1, "On Poincaré and Gödel"), (2, "Introduction"), (3, "列表")
    ]  # fmt: skip
    assert pieces(document) == [
        ("heading", "On Poincaré and Gödel"),
        ("paragraph", "Ada Li, Erdős Pál"),
        ("paragraph", "We show that FastRank is fast (see [a,b])—as\nnaïve as Čapek (A note.)."),
        ("heading", "Introduction"),
        ("paragraph", "第一段 “quoted” 50% & more, by Li et al."),
        ("paragraph", "Second $a_1 < b$ paragraph: \\raw{} and a link (http://x.y)."),
        ("code", "  E = mc^2 \\quad \\text{if } x"),
        ("paragraph", "with more."),
        ("heading", "列表"),
        ("list", "- one\n- inner\n- two second"),
        ("paragraph", "Results of FastRank"),
        ("table", "Name | Value\nboth\n$x$ | 3"),
        ("code", 'char *s = "\\"e % kept";\n\nint main() {}'),
    ]
    assert (document.title, document.date) == ("On Poincaré and Gödel", "2024-05-06")
    assert document.metadata["author"] == "Ada Li, Erdős Pál"
    assert not document.has_lines


def test_a_part_that_another_file_includes_is_read_whole() -> None:
    document = read(
        "\\chapter{One}\nText.\n\\section{Two}\nMore\n\\unknown[opt]{kept}{too} \\relax end"
    )
    assert headings(document) == [(1, "One"), (2, "Two")]
    assert pieces(document)[-1] == ("paragraph", "More\nkept too end")


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        (r"\'e\`a\^{o}\"u\~n\c{c}\c c\v{s}\H{o}", "éàôüñççšő"),
        (r"{\'e}l\'{\i}te na\"\i ve", "élíte naïve"),
        (r"\ss \ae\o{} \AA ngstr\"om", "ßæø Ångström"),
        (r"a--b---c ``d'' \textbf{e \emph{f}}", "a–b—c “d” e f"),
        (r"{\LaTeX} \& 5\%", "LaTeX & 5%"),
    ],
)
def test_letters_as_they_are_printed(written: str, printed: str) -> None:
    assert plain_words(written) == printed


def test_a_file_that_prints_nothing() -> None:
    with pytest.raises(Unreadable) as caught:
        read("% only\n\\documentclass{article}\n\\begin{document}\n\\end{document}\n")
    assert caught.value.code == "no_text"


TEXT = st.text(st.sampled_from("\\{}[]$%&~-'`\"\n\n abeginitemsectionv中"), max_size=80)


@given(st.one_of(TEXT, st.text()))
def test_any_text_keeps_the_invariants(text: str) -> None:
    read(f"word\n\n{text}")


# ------------------------------------------------------------------ BibTeX


def test_entries_are_blocks_with_their_fields() -> None:
    source = (
        '@string{jml = "J. of {ML}"}\n% comment\n@comment{no}\n'
        "@Article{li:2024,\n  author = {Ada Li and Erd{\\H o}s P\\'al},\n"
        '  title = "The {B}ayesian \\"Ubung",\n  journal = jml # { (B)}, year = 2024,\n}\n'
        "@book(k, title = {中文 {书}})\n"
    )
    document = bibtex.read(source.encode(), PurePath("a.bib"))
    check(document)
    assert pieces(document) == [
        (
            "paragraph",
            "[li:2024] article\nauthor: Ada Li and Erdős Pál\ntitle: The Bayesian Übung\n"
            "journal: J. of ML (B)\nyear: 2024",
        ),
        ("paragraph", "[k] book\ntitle: 中文 书"),
    ]


def test_a_long_table_has_its_head_once() -> None:
    document = read(
        r"\begin{longtable}{ll} Month & Tide \\ \endfirsthead Month & Tide \\ \endhead"
        "\n\\endlastfoot January & 3.42 \\\\ \\end{longtable} After."
    )
    assert pieces(document) == [
        ("table", "Month | Tide\nJanuary | 3.42"), ("paragraph", "After.")
    ]  # fmt: skip


def test_slides_and_bookmarks() -> None:
    document = read(
        r"\title{\texorpdfstring{The $\alpha$ {\em Lamp}}{The alpha Lamp}}"
        r"\begin{document}\begin{itemize}[<+->] \item<1-> one\footnote<\beamerpauses->[frame]{note}"
        r"\item a < b"
        r"\end{itemize}\end{document}"
    )
    assert document.title == r"The $\alpha$ Lamp"
    assert pieces(document)[-1] == ("list", "- one (note)\n- a < b")
