import pytest

from ragcli.reading.numberformats import number_format, to_moment


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("General", 0.1 + 0.2, "0.3"),
        ("", 5.0, "5"),
        ("General", 1e20, "1e+20"),
        ("0%", 0.125, "13%"),
        ("0.00", 2.675, "2.68"),
        ('"$"#,##0.00', 1234.5, "$1,234.50"),
        ("#,##0.00 [$€-407]", 99.0, "99.00 €"),
        ("[$¥-804]#,##0.00", -1234.5, "-¥1,234.50"),
        (r"_(* #,##0.00_);_(* \(#,##0.00\)", 1234.0, "1,234.00"),
        ("[Red]0.0", -2.25, "-2.3"),
        ('0" kg"', 12.0, "12 kg"),
        ("00000", 42.0, "00042"),
        ("#.##", 0.5, "0.5"),
        ("0,", 123456.0, "123"),
        ("0.00E+00", 123456.0, "1.23E+05"),
        ("# ?/?", 0.5, "0.5"),
        ("000-0000", 5551234.0, "5551234"),
        ("yyyy-mm-dd", 45292.0, "2024-01-01"),
        ("d.m.yyyy hh:mm", 45292.521, "2024-01-01 12:30:14"),
        ('yyyy"年"m"月"d"日"', 45292.0, "2024-01-01"),
        ("mmm-yy", 45292.0, "2024-01"),
        ("yyyy", 45292.0, "2024"),
        ("h:mm AM/PM", 0.75, "18:00"),
        ("[h]:mm:ss", 1.5, "36:00:00"),
        ("yyyy-mm-dd", 1e300, "1e+300"),
        ("yyyy-mm-dd", -4.0, "-4"),
        ("[h]:mm", 1e300, "1e+300"),
    ],
)
def test_numbers_as_they_are_seen(code: str, value: float, expected: str):
    assert number_format(code)(value) == expected


def test_two_calendars_and_the_day_that_never_was():
    moments = [to_moment(day) for day in (1, 59, 61)] + [to_moment(0, is_1904=True)]
    assert [str(m.date()) for m in moments if m] == [
        "1900-01-01",
        "1900-02-28",
        "1900-03-01",
        "1904-01-01",
    ]
    assert to_moment(-1) is None and to_moment(3e6) is None
