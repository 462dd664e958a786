"""Which language a question is asked in."""

from __future__ import annotations

import pytest

from ragcli.text.question_language import question_language


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("how long is the warranty?", "English"),
        ("What is the Rust book?", "English"),
        ("保修期是多久？", "Chinese"),
        ("iPhone 15 Pro 的保修期是多久?", "Chinese"),
        ("保証期間はどのくらいですか", "Japanese"),
        ("보증 기간은 얼마나 됩니까?", "Korean"),
        ("wie lange gilt die Garantie?", "German"),
        ("quelle est la durée de la garantie ?", "French"),
        ("¿cuánto dura la garantía y qué cubre?", "Spanish"),
        ("quanto dura la garanzia della batteria?", "Italian"),
        ("qual é o prazo da garantia?", "Portuguese"),
        ("hoe lang is de garantie van het apparaat?", "Dutch"),
        ("Πόσο διαρκεί η εγγύηση;", "Greek"),
        ("การรับประกันนานเท่าไร", "Thai"),
        ("сколько длится гарантия?", None),  # Russian, Ukrainian, Bulgarian …
        ("warranty months", None),
        ("E4711", None),
        ("", None),
    ],
)
def test_language(question: str, language: str | None) -> None:
    assert question_language(question) == language
