"""How many tokens a text may have when the model's own tokenizer is not at hand."""

from __future__ import annotations

import re

from ragcli.text.scripts import HANGUL, KANA

_RUNS = re.compile(
    r"(?P<word>[A-Za-z]+)"
    r"|(?P<digits>[0-9]+)"
    r"|(?P<blank>[ ]+)"
    r"|(?P<space>\s)"
    r"|(?P<mark>[!-/:-@\[-`{-~]+)"
    rf"|(?P<pairs>[\u3000-\u303f\u3400-\u9fff\uff00-\uff65{KANA}{HANGUL}]+)"
    r"|(?P<letters>[\u00a1-\u2fff]+)"
    r"|(?P<rest>.)",
    re.DOTALL,
)

# English prose in the word pieces of BERT's vocabulary (XQuAD's articles: 4.87 UTF-8 bytes to a
# token of all-MiniLM-L6-v2). Large vocabularies need about as many bytes for a token of Chinese.
ENGLISH_BYTES_PER_TOKEN = 4.9

# Longer runs of letters are data, or compounds that a vocabulary cuts finely.
_LONGEST_WORD = 20


def estimate_tokens(text: str) -> int:
    """An upper bound, in practice, on the tokens of a text for any common tokenizer.

    The strict bound of a byte-level vocabulary is one token a UTF-8 byte; it would waste three
    quarters of a context. This one counts a token for every three letters of an English word
    (vocabularies average more than four) and every two of an unusual one, for every digit and
    ASCII sign (some models split numbers and signs apart), for every letter of another alphabet,
    two for every Han, kana or Hangul character (byte fallback needs three, but only for rare
    ones), and the UTF-8 bytes of everything else. A single space belongs to the word after it.
    """
    total = 0
    for run in _RUNS.finditer(text):
        length = run.end() - run.start()
        match run.lastgroup:
            case "word":
                total += -(-length // _letters_a_token(run[0]))
            case "blank":
                total += (length + 2) // 4
            case "pairs":
                total += 2 * length
            case "rest":
                total += len(run[0].encode(errors="replace"))
            case _:
                total += length
    return total


def _letters_a_token(word: str) -> int:
    """Words in capitals, names such as ``fooBar`` and base64 are in no vocabulary as a whole."""
    return 3 if word[1:].islower() and len(word) <= _LONGEST_WORD else 2


def english_tokens(text: str) -> float:
    """A text's size in tokens of English: those that an English text of as many bytes has."""
    return len(text.encode("utf-8", "replace")) / ENGLISH_BYTES_PER_TOKEN
