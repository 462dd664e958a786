"""Texts with which an export is compared with sentence-transformers: several languages and
scripts, code, numbers, one word and long prose, so that a tokenizer that differs is noticed too."""

from __future__ import annotations

_PROSE = """\
A library lends what it does not own for ever. Every evening the shelves are put in order again, \
because a book that stands in the wrong place is as good as lost: nobody looks for it where it is. \
The catalogue knows the author, the title and the year, but not the sentence that a reader \
remembers. Whoever asks for "the story with the lighthouse" needs somebody who has read it. An \
index of meanings does the same work for a folder of files; it is as good as the passages that it \
returns, and as honest as its silence when there is nothing to return."""

SHORT = (
    "warranty",
    "How long does the battery last?",
    "The weather is lovely today.",
    "He drove to the stadium.",
    "Total: 1,234.56 EUR (incl. 19 % VAT), due 2024-03-31; see §4.2 and Table 7.",
    "def mean(xs: list[float]) -> float:\n    return sum(xs) / len(xs) if xs else 0.0",
    "SELECT name, count(*) FROM users WHERE created_at > '2023-01-01' GROUP BY name;",
    "Die Garantie beträgt 24 Monate ab Lieferung; Verschleißteile sind ausgeschlossen.",
    "L'été dernier, nous avons loué une petite maison près de la mer, où il a plu.",
    "El tribunal desestimó el recurso por falta de pruebas suficientes.",
    "Срок гарантии составляет двенадцать месяцев со дня покупки.",
    "保修期为二十四个月，自交货之日起计算。电池仅保修十二个月。",
    "返品は商品到着後十四日以内に限り受け付けます。",
    "배터리 보증 기간은 구매일로부터 12개월입니다.",
    "مدة الضمان أربعة وعشرون شهرًا من تاريخ التسليم.",
    "वारंटी की अवधि खरीद की तारीख से दो वर्ष है।",
    "E = mc² · naïve façade coöperate · 3/4 · ①② · 👩‍🔬 · https://example.org/a?b=c#d",
    _PROSE[:180],
    _PROSE,
)

# Long enough that a limit of 512 tokens is nearly reached in a run of several such paragraphs.
LONG = (f"{_PROSE}\n\n{_PROSE}", "\n\n".join([_PROSE] * 3))
