"""What in a question must be found as it stands."""

from __future__ import annotations

import pytest

from ragcli.retrieval.exact import exact_hits, exact_pieces


@pytest.mark.parametrize(
    ("question", "pieces"),
    [
        ("What does error E1234 mean?", ["e1234"]),
        ("Why 0x80070005 on Windows?", ["0x80070005"]),
        ("is CVE-2024-3094 fixed, or not?", ["cve-2024-3094"]),
        ("how is max_retries used by getUserName()", ["max_retries", "getusername"]),
        ("what does os.path.join do", ["os.path.join"]),
        ("who calls __init__?", ["__init__"]),
        ("open() fails with ENOENT.", ["enoent"]),
        ("错误代码ＥＲＲ－４２怎么办？", ["err-42"]),
        ('who wrote "the story  with the lighthouse"?', ["the story with the lighthouse"]),
        ("哪里提到「保修期」？", ["保修期"]),
        ("code 80070", ["80070"]),
        # Words, ordinals, years, units, shouting, abbreviations, apostrophes: nothing exact.
        ("What happened in the 1990s, on the 19th day of 1998?", []),
        ("a 24-month warranty and/or 10km", []),
        ("HOW LONG IS THE WARRANTY?", []),
        ("e.g. the U.S. team's NASA plan", []),
        ('an "x"', []),
    ],
)
def test_pieces(question: str, pieces: list[str]) -> None:
    assert exact_pieces(question) == pieces


def test_a_piece_is_whole_and_sets_few_apart() -> None:
    texts = ["see E12 below", "see E123", "错误E12。", "nothing", "other"]
    assert exact_hits(["e12"], texts) == [True, False, True, False, False]
    assert exact_hits(["see"], ["see"] * 3 + ["not"]) == [False] * 4
    assert exact_hits(["保修期"], ["保修期为二十四个月", "电池"]) == [True, False]
    assert exact_hits(["two words"], ["Two\n words", ""]) == [True, False]
    assert exact_hits([], ["a"]) == [False]
