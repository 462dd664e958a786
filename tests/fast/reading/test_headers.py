import pytest

from ragcli.reading.headers import Cells, header_index, plain_cell


def rows(text: str) -> list[Cells]:
    return [
        {i: plain_cell(v.strip()) for i, v in enumerate(line.split("|")) if v.strip()}
        for line in text.strip().split("\n")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name|Age\nAnn|30\nBob|40", 0),
        ("姓名|年龄\n李雷|30", 0),
        ("Sales\nCity|Q1|Q2\nOslo|1|2\nRome|3|4", 1),
        # A fact about the table, wide as half of it.
        ("Date|2024-01-01\nRegion|Manager|2023|2024\nNorth|Ann|1|2\nSouth|Bob|3|4", 1),
        ("Prepared by:|Ann\nCity|Area|Note\nOslo|454|-\nRome|1285|-", 1),
        # Names that come twice, and columns without one.
        ("Item|Qty|Price|Qty|Price\nnut|1|2.5|3|4.5\nbolt|2|3.5|4|5", 0),
        ("|mean|max\na|1.5|2\nb|2.5|3", 0),
        ("Region|2022|2023|2024\nNorth|1|2|3\nSouth|4|5|6", 0),
        # Words only: three names are believed, two over what is longer or repeats.
        ("Name|City|Job\nAnn|Oslo|nurse\nBob|Rome|cook", 0),
        ("Term|Meaning\nheron|a bird that waits by rivers\nowl|a bird that hunts at night", 0),
        ("Name|Team\nAnn|red\nBob|red\nCat|blue\nDan|blue", 0),
        ("apple|a fruit\nbeet|a root", None),
        # No names.
        ("1|2|3\n4|5|6", None),
        ("Ann|30|Oslo\nBob|40|Rome", None),
        ("Oslo|3\nRome|n/a\nBonn|5\nKyiv|7", None),
        ("Name:|Ann\nBorn:|1990-01-01\nWeight:|70", None),
        ("Only one row|of two", None),
        ("One\nTwo\nThree", None),
        ("We paste the results here, when all is done.|x\n1|2", None),
    ],
)
def test_the_row_that_names_the_columns(text: str, expected: int | None):
    assert header_index(rows(text)) == expected


@pytest.mark.parametrize(
    ("text", "is_text"),
    [
        *((value, False) for value in ("1", "-1,234.50", "$5", "12 %", "(7)", "1e5", "3 878 100")),
        *(
            (value, False)
            for value in ("2024-05-06", "5.6.2024", "2024年5月6日", "7:08", "TRUE", "是")
        ),
        *((value, True) for value in ("Oslo", "B12", "12 eggs", "北京", "1" + " " * 100_000 + "x")),
    ],
)
def test_values_and_words(text: str, is_text: bool):
    assert plain_cell(text).is_text is is_text
