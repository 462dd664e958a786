"""Write the two binary sample documents, handbook.pdf and faq.docx, from the text in this file.

Run by hand, after an edit of the text below, from the project's root:

    python docs/make_sample_docs.py --font /usr/share/fonts/truetype/wqy/wqy-microhei.ttc

The font needs Latin letters, simplified Chinese and TrueType outlines (fpdf2 embeds others, such as
Noto Sans CJK, in a way from which pypdf cannot read the text). The files in the project were made
with WenQuanYi Micro Hei (Apache-2.0, or GPL with the exception for embedding):

    Debian, Ubuntu:  apt-get install fonts-wqy-microhei
    Fedora:          dnf install wqy-microhei-fonts
    elsewhere:       the package of that name from the distribution's site, unpacked

Only the characters used are embedded, so the PDF is small and needs no font to be read. The same
text, font and library versions give the same bytes: all dates are fixed. Beside fpdf2 and
python-docx it needs pypdf, to read back what it wrote: each page must hold exactly its lines.
"""

from __future__ import annotations

import argparse
import io
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

PDF_DATE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DOCX_DATE = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
PDF_TITLE = "A Handbook of Local Search · 本地检索手册"
AUTHOR = "The ragcli authors"

# One page each. "# " is the chapter, "## " a section, "- " a list item, else a paragraph.
PAGES = (
    """
# 1 Vector indexes

An index answers one question: which stored vectors lie nearest to this one? The honest way is to
compare with all of them. Cleverer ways look at a part and accept a small risk of missing one.

## Exact search

Comparing with every vector is exact and simple. A vector of 384 numbers of four bytes takes 1,536
bytes, so a million of them take about 1.5 GB of memory. Up to some hundred thousand vectors this is
fast enough on an ordinary computer, and nothing has to be tuned.

## HNSW

Hierarchical navigable small world graphs were described by Yury Malkov and Dmitry Yashunin in 2016.
Each vector is linked to its neighbours; a search starts on a sparse upper layer and walks
downhill. Three numbers matter:

- M: links for each vector, often 16 or 32. More links need more memory.
- efConstruction: the care taken while building the graph.
- efSearch: the care taken while searching. Raise it and recall rises, but so does the time.

Removing vectors from such a graph is awkward; many programs mark them as deleted and rebuild later.

## IVF and product quantization

An inverted file (IVF) sorts the vectors into cells. A search visits only the nprobe nearest cells.
Product quantization, by Jégou, Douze and Schmid (2011), shrinks each vector to a few bytes by
rounding its parts to entries of small code books.

## FAISS

FAISS is a library by Facebook AI Research that offers all of these. Jeff Johnson, Matthijs Douze
and Hervé Jégou presented it in 2017 with a search through a billion vectors on graphics cards. It
stores vectors and their ids, never the text: keeping text and vectors in step is the task of the
program around it.
""",
    """
# 2 Local language models with Ollama

Ollama runs language models on your own computer and offers them to other programs through a local
address. Its engine grew out of llama.cpp, which Georgi Gerganov began in 2023.

## First steps

- Install it from ollama.com.
- Fetch a model: ollama pull qwen3:4b
- See what is there: ollama list
- Tell ragcli to use it: rag config set generator ollama:qwen3:4b

The server listens on port 11434 of your own machine. If ragcli says that it cannot be reached,
start it with: ollama serve

## How much memory?

Weights are stored in fewer bits to save memory; this is called quantization. A model with 4 billion
parameters needs 8 GB at 16 bits and about 2.5 GB at 4 bits. The usual file format is GGUF, which
holds weights, tokenizer and settings in one file. After an idle time of five minutes Ollama takes
the model out of memory again.

## The context window

The context is what the model can see at once: instructions, passages, question and answer. With
less than 24 GiB of graphics memory Ollama sets it to 4,096 tokens, whatever the model could do.
A prompt that is too long may be shortened without a word in the answer. For this reason ragcli
counts the tokens itself and sends the size it needs with every request, as num_ctx.

## Embeddings from Ollama

Ollama serves embedding models too. The name carries a prefix: with rag reembed --model
ollama:mxbai-embed-large the project switches to a model of 1,024 dimensions. Here as well a text
that exceeds the limit is refused, not cut.
""",
    """
# 3 本地大模型与 Ollama

Ollama 是在自己的电脑上运行大语言模型的工具。文档和问题都留在本机，断网也能用。

## 安装与使用

- 从 ollama.com 下载并安装。
- 下载模型：ollama pull qwen3:4b
- 查看已有的模型：ollama list
- 让 ragcli 使用它：rag config set generator ollama:qwen3:4b

Ollama 默认监听本机的 11434 端口。如果连接不上，先运行 ollama serve 启动服务。

## 需要多大内存

模型的权重可以用较少的位数来存储，这叫量化。四十亿参数的模型，用 16 位存储要 8 GB，
量化到 4 位只要 2.5 GB 左右。参数越多，回答往往越好，但也越慢；没有显卡的笔记本电脑，
建议从四十亿参数的模型开始。

## 上下文长度

上下文是模型一次能看到的全部内容，包括指令、段落、问题和回答。
显存不足 24 GiB 时，Ollama 默认只给四千多个词元。提示超长时，中间的内容可能被悄悄截掉，
而回答里看不出来。因此 ragcli 自己计算长度，并在每次请求中写明所需的大小。

## 小心云端模型

名称以 -cloud 或 :cloud 结尾的模型，其实运行在 Ollama 的服务器上，虽然访问的还是本机端口。
处理机密文件时，请不要选用这类模型。

## 没有大模型怎么办

不装大模型也可以使用 ragcli：检索照常进行，回答则改为摘录原文中贴切的句子，并附出处。
""",
    """
# 4 检索效果的评测

凭感觉调整参数，往往越调越差。先准备一批问题，写明每个问题的正确段落在哪里，改动前后各测一次，
再比较数字。

## 召回率

召回率（recall@k）是指前 k 个结果里找到了多少正确的段落。没有检索到的段落，
后面的模型再强也无法引用，所以这个指标最先要看。

## 平均倒数排名

平均倒数排名（MRR）只看第一个正确的结果：排第一得 1 分，排第二得二分之一，排第四得四分之一，
没有找到得 0 分，最后取平均。三个问题分别排在第一、第二和第四，平均就是 0.583。

## nDCG

归一化折损累计增益（nDCG）衡量整个排序的好坏，由芬兰学者耶尔韦林（Järvelin）与凯凯莱伊宁
（Kekäläinen）于 2002 年提出。排得越靠后，得分打的折扣越大。

## 混合检索与融合

倒数排名融合（RRF）由科马克（Cormack）等人于 2009 年提出：一个段落在某一路排第几，
就得“60 加名次”分之一的分数，各路得分相加。两路都排第一的段落得六十一分之二，约为 0.0328。

## 三条建议

- 问题要来自真实的用户，不要照抄文档里的原句。
- 至少准备一百个问题，再少就分不清是进步还是运气。
- 每次只改一个参数，否则不知道是哪一处起了作用。
""",
)

FAQ = (
    ("h1", "Frequently asked questions about ragcli"),
    ("p", "Short answers to what people ask in their first week."),
    ("h2", "Installing and running"),
    ("h3", "Do I need a graphics card?"),
    (
        "p",
        "No. The default embedding model is small enough for an ordinary processor. A graphics "
        "card helps with large embedding models and with language models.",
    ),
    ("h3", "Why does Python want to download gigabytes?"),
    (
        "p",
        "The library torch comes in two builds. On Linux the usual one carries CUDA, the software "
        "for graphics cards, and is several gigabytes large. Install the CPU build first if you "
        "have no such card; the project's README shows the line.",
    ),
    ("h2", "Reading files"),
    ("h3", "Why was a file skipped?"),
    ("p", "There are four usual reasons:"),
    ("li", "it is named in .gitignore or .ragignore;"),
    ("li", "it is hidden, which means that its name begins with a dot;"),
    ("li", "it is binary, such as a picture or a program;"),
    ("li", "it is a symbolic link, which ragcli does not follow."),
    ("p", "A file that you name on the command line is always taken, whatever these rules say."),
    ("h3", "My PDF was read but nothing is found in it. Why?"),
    (
        "p",
        "It is probably a scan: pictures of pages without a text layer. Character recognition is "
        "not part of this version. The command rag status --problems lists such pages. One broken "
        "page costs that page only, the rest of the PDF is kept.",
    ),
    ("h3", "Two folders hold the same file. Is it stored twice?"),
    ("p", "No. Equal files are recognised by their content and stored once."),
    ("h2", "Asking"),
    ("h3", "Are scores of two questions comparable?"),
    (
        "p",
        "No. A larger score is better inside one ranking only. Never compare scores across "
        "questions, and never use a fixed score as a limit.",
    ),
    ("h3", "What does stale mean beside a passage?"),
    (
        "p",
        "The file on disk was changed after it was ingested, so the passage may be out of date. "
        "Ingest again to refresh it.",
    ),
    ("h2", "Words used in ragcli"),
    (
        "table",
        (
            ("Word", "中文", "Meaning"),
            ("corpus", "语料库", "all documents of one project"),
            ("chunk", "文本块", "a slice of a document; this is what gets embedded"),
            ("passage", "段落", "one chunk, or several neighbours, found for a question"),
            ("embedder", "嵌入模型", "turns text into vectors"),
            ("fusion", "融合", "makes one ranking out of several"),
            ("reranker", "重排器", "puts passages into a better order"),
            ("citation", "引用", "a link from the answer to a passage"),
            ("fingerprint", "指纹", "a hash of everything that decides an embedding"),
        ),
    ),
)

# No line may begin with these, none may end with those: the first rule of Chinese typesetting.
_NOT_FIRST = "，。、；：？！）》」』”"
_NOT_LAST = "（《「『“"
_INK, _ACCENT = (34, 34, 34), (20, 84, 128)


def blocks(page: str) -> list[tuple[str, str]]:
    """(kind, text) of each block of a page, with the lines of a paragraph joined."""
    found: list[tuple[str, str]] = []
    for paragraph in page.strip().split("\n\n"):
        lines = paragraph.split("\n")
        if lines[0].startswith("- "):
            items: list[str] = []
            for line in lines:
                if line.startswith("- "):
                    items.append(line[2:])
                else:
                    items[-1] = join(items[-1], line)
            found += [("item", item) for item in items]
        elif lines[0].startswith("#"):
            marks, _, title = paragraph.partition(" ")
            found.append((f"h{len(marks)}", title))
        else:
            found.append(("text", reduce(join, lines)))
    return found


def join(before: str, after: str) -> str:
    """Two lines as one: with a space, except between two Chinese characters."""
    between = "" if is_wide(before[-1]) and is_wide(after[0]) else " "
    return before + between + after


def is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def wrap(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """Lines that fit: broken at spaces, and between Chinese characters where that is allowed."""
    pieces: list[str] = []  # what must stay together
    for character in text:
        last = pieces[-1][-1] if pieces else " "
        if character == " " or character in _NOT_FIRST or last in _NOT_LAST:
            glue = bool(pieces)
        else:
            glue = not (last == " " or is_wide(last) or is_wide(character))
            glue = glue and last not in _NOT_FIRST and character not in _NOT_LAST
        if glue:
            pieces[-1] += character
        else:
            pieces.append(character)
    lines = [""]
    for piece in pieces:
        if lines[-1] and measure((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def write_pdf(path: Path, font: Path, font_number: int) -> list[list[str]]:
    """The lines of each page, as they were laid out."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_margin(24)
    pdf.set_auto_page_break(False)
    pdf.set_title(PDF_TITLE)
    pdf.set_author(AUTHOR)
    pdf.set_subject("Vector indexes, local models and evaluation, in English and Chinese")
    pdf.set_creator("docs/make_sample_docs.py")
    pdf.set_creation_date(PDF_DATE)
    pdf.add_font("body", fname=font, collection_font_number=font_number)
    # kind: size in points, height of a line and space above in mm
    styles = {"h1": (19, 10, 0), "h2": (13, 7, 4), "text": (11.5, 6.2, 1.8), "item": (11.5, 6.2, 1)}
    pages: list[list[str]] = []
    for page in PAGES:
        pdf.add_page()
        pages.append([])
        for kind, text in blocks(page):
            size, height, above = styles[kind]
            pdf.set_font("body", size=size)
            pdf.set_text_color(*(_ACCENT if kind in ("h1", "h2") else _INK))
            pdf.ln(above)
            if kind in ("h1", "h2"):
                pdf.start_section(text, level=int(kind[1]) - 1)
            indent = 5 if kind == "item" else 0
            lines = wrap(text, pdf.epw - indent - 1, pdf.get_string_width)
            pages[-1] += lines
            for number, line in enumerate(lines):
                if indent:
                    bullet = "•" if number == 0 else ""
                    pdf.cell(indent, height, bullet)
                pdf.cell(0, height, line, new_x="LMARGIN", new_y="NEXT")
            if kind == "h1":
                pdf.set_draw_color(*_ACCENT)
                pdf.line(pdf.l_margin, pdf.y + 1, pdf.w - pdf.r_margin, pdf.y + 1)
                pdf.ln(3)
        if pdf.y > pdf.h - pdf.t_margin:
            raise SystemExit(f"page {pdf.page} is too full: shorten its text")
    pdf.output(str(path))
    return pages


def check_pdf(path: Path, pages: list[list[str]]) -> None:
    """Every page gives back its lines, in their order, and no look-alike characters."""
    from pypdf import PdfReader

    for number, (page, want) in enumerate(zip(PdfReader(path).pages, pages, strict=True), start=1):
        text = page.extract_text()
        got = [line.strip() for line in text.replace("•", "").split("\n") if line.strip()]
        if got != want:
            wrong = next((g for g, w in zip(got, want, strict=False) if g != w), "a line too few")
            raise SystemExit(f"page {number} is read back wrong at: {wrong!r}")
        # Full-width punctuation is changed by NFKC and wanted; radicals and ligatures are not.
        strange = [c for c in text if 0x2E80 <= ord(c) <= 0x2FDF or 0xF900 <= ord(c) <= 0xFB4F]
        if strange or "\ufffd" in text:
            raise SystemExit(f"page {number} holds look-alike characters: {strange}")


def write_docx(path: Path) -> None:
    import docx
    from docx.oxml.ns import qn

    document = docx.Document()
    core = document.core_properties
    core.title, core.author, core.comments = "Frequently asked questions", AUTHOR, ""
    core.created = core.modified = DOCX_DATE.replace(tzinfo=None)
    core.last_modified_by, core.language, core.revision = AUTHOR, "en", 1
    for style in ("Normal", "Heading 1", "Heading 2", "Heading 3"):
        fonts = document.styles[style].element.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), "Microsoft YaHei")
    for kind, content in FAQ:
        if kind == "table":
            table = document.add_table(rows=0, cols=len(content[0]), style="Light Grid Accent 1")
            for row in content:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        elif kind == "p":
            document.add_paragraph(content)
        elif kind == "li":
            document.add_paragraph(content, style="List Bullet")
        else:
            document.add_heading(content, level=int(kind[1]))
    written = io.BytesIO()
    document.save(written)
    # python-docx stamps the parts with the time of writing; the same text should give equal bytes.
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            part = zipfile.ZipInfo(name, DOCX_DATE.timetuple()[:6])
            part.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(part, source.read(name))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--font", type=Path, required=True, metavar="PATH", help="TTF or TTC")
    parser.add_argument(
        "--font-number",
        type=int,
        default=0,
        metavar="N",
        help="which font of a TTC; default: 0",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).resolve().parent.parent / "sample_docs",
        metavar="DIR",
        help="where to write; default: sample_docs",
    )
    arguments = parser.parse_args()
    pdf, word = arguments.out / "handbook.pdf", arguments.out / "faq.docx"
    arguments.out.mkdir(parents=True, exist_ok=True)
    check_pdf(pdf, write_pdf(pdf, arguments.font, arguments.font_number))
    write_docx(word)
    for path in (pdf, word):
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
