"""The language of a text."""

from __future__ import annotations

import pytest

from ragcli.reading import language
from ragcli.reading.language import detect_language

TEXTS = {
    "en": "The weather is lovely today, and we are going for a walk by the river.",
    "de": "Das Wetter ist heute schön, und wir gehen am Fluss spazieren.",
    "fr": "Il fait beau aujourd'hui et nous allons nous promener au bord de la rivière.",
    "es": "Hoy hace buen tiempo y vamos a dar un paseo junto al río con los niños.",
    "ru": "Сегодня прекрасная погода, и мы идём гулять вдоль реки с детьми.",
    "uk": "Сьогодні чудова погода, і ми йдемо гуляти вздовж річки з дітьми.",
    "ar": "الطقس جميل اليوم وسوف نذهب في نزهة على ضفاف النهر مع الأطفال.",
    "el": "Ο καιρός είναι ωραίος σήμερα και πάμε βόλτα δίπλα στο ποτάμι.",
    "th": "วันนี้อากาศดีมากและเราจะไปเดินเล่นริมแม่น้ำ",
    "zh": "今天天气很好，我们去河边散步。",
    "ja": "今日は天気がいいので、川のほとりを散歩します。",
    "ko": "오늘은 날씨가 좋아서 강가를 산책합니다.",
}


@pytest.mark.parametrize(("expected", "text"), TEXTS.items())
def test_each_language(expected: str, text: str) -> None:
    assert detect_language(text) == expected


def test_short_chinese_and_chinese_with_english_terms() -> None:
    assert detect_language("检索增强生成") == "zh"
    assert detect_language("使用 sentence-transformers 加载模型，然后调用 encode 方法。") == "zh"
    assert detect_language("品牌「の」字很常见，中文里也会用到这个字符。") == "zh"
    assert detect_language("The character 中 means middle, as in 中国, the Middle Kingdom.") == "en"


@pytest.mark.parametrize(
    "text", ["", "   \n", "OK", "hello", "12345 67890 2024-01-01", "中", "→ ✓"]
)
def test_too_short_to_say(text: str) -> None:
    assert detect_language(text) is None


def test_a_long_text_is_sampled_and_not_only_at_its_beginning() -> None:
    licence = TEXTS["en"] + "\n"
    assert detect_language(licence + TEXTS["zh"] * 2000) == "zh"


def test_common_english_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(language, "_identifier", fail)
    text = "The reader of the file is told which of the pages are missing, and the rest is kept. "
    assert detect_language(text * 2) == "en"


def test_english_words_in_another_language_do_not_make_it_english() -> None:
    dutch = (
        "Het weer is vandaag prachtig en wij gaan langs de rivier wandelen, of we lezen een boek "
        "in de tuin. De titel is The Origin of Species, en het was door Darwin geschreven."
    )
    assert detect_language(dutch) == "nl"
