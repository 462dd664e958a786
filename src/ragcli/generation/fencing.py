"""A document's text as data: in the prompt, nothing of it can pass for ours.

Ours are the fence around a passage, the markers of an answer, and the turns of the conversation.
What looks like one of them is written with another bracket, ``⟨`` or ``⟦``, sign for sign, so that
the text stays readable and a quote of it can still be found (``quotes.py``).
"""

from __future__ import annotations

import re
import unicodedata

from ragcli.text.unseen import JOINERS, without_unseen

# What reads as `<`: in any width (NFKC), and as HTML writes it.
_OPENER = r"(?:[<＜﹤]|&lt;?|&#0*60;?|&#x0*3c;?)"
# Letters of other alphabets that pass for those of the fence's name (Unicode confusables.txt).
_LOOKALIKES = str.maketrans(
    {"а": "a", "α": "a", "ɑ": "a", "ѕ": "s", "ꜱ": "s", "р": "p", "ρ": "p", "ɡ": "g", "ց": "g"}
    | {"ԍ": "g", "е": "e", "ε": "e", "ҽ": "e"}
)
FENCE = "passage"
_MAYBE_FENCE = re.compile(rf"{_OPENER}(?=(?P<name>[^<>]{{7,48}}))", re.IGNORECASE)

# Turns and roles in the templates of chat models, as special tokens of their vocabularies:
# - `<|…|>`: ChatML, Llama 3 and 4, Phi, Command R, Granite, GLM, gpt-oss; `<｜…｜>`: DeepSeek
# - `[|…|]`: EXAONE; `[INST]` and other capitals: Mistral, InternLM; `[gMASK]`: GLM
# - words between `<` and `>`: Gemma, Llama 2, Qwen, SentencePiece's own
_WORDS = (
    r"s|bos|eos|eot|sop|eop|pad|unk|mask|cls|sep|think|answer|response|image|tool(?:s|_call|_calls"
    r"|_response)?|function_calls?|system|user|assistant|model|human|start_of_turn|end_of_turn"
    r"|(?:start|end)_of_image|[a-z]+_token|unused\d+|extra_id_\d+|reserved_\d+|special_\d+"
    r"|seed:[\w:]+"
)
_CAPITALS = (
    r"INST|SYSTEM_PROMPT|MODEL_SETTINGS|AVAILABLE_TOOLS|TOOL_\w+|THINK|IMG(?:_\w+)?|gMASK"
    r"|UNUSED_TOKEN_\d+"
)
_TURN = re.compile(
    rf"{_OPENER}(?=\s?[|｜]|/?(?:{_WORDS})\s?(?:>|＞|&gt;)|{_OPENER}\s?/?SYS)"
    rf"|[\[［](?=\s?[|｜]|/?(?:{_CAPITALS})\s?[\]］])",
    re.IGNORECASE,
)
# Markers: of numbers alone, with a name behind a dagger, or with a quote (``markers.py``).
_NUMBERS = r"\s{0,2}\d[\d\s,，、;；–~-]*"
_MARKER = re.compile(rf"[\[【［](?P<inside>{_NUMBERS}(?:†[^\[\]【】［］\n]*)?)[\]】］]")
_QUOTING_MARKER = re.compile(rf"[\[【［](?={_NUMBERS}(?:†|[:：]?\s?[\"“”„«「『＂'‘’]))")

# A path or a heading that says more than this says it to be read as an instruction.
_MAX_ATTRIBUTE_CHARACTERS = 200


def neutralised(text: str) -> str:
    """A document's text with nothing in it that could pass for our fence, a marker or a turn."""
    told = _MAYBE_FENCE.sub(_fence, without_turns(text))
    told = _MARKER.sub(lambda m: f"⟦{m['inside']}⟧", told)
    return _QUOTING_MARKER.sub("⟦", told)


def without_turns(text: str) -> str:
    """What a person typed or a document says, without what is not seen and with no token that
    begins or ends a turn of the conversation."""
    return _TURN.sub(lambda m: "⟦" if m[0] in "[［" else "⟨", without_unseen(text))


def attribute(value: str) -> str:
    """A path or a heading as the value of the fence's attribute, which it cannot end."""
    told = neutralised(value).translate(_IN_ATTRIBUTES)
    line = " ".join(told.split())
    longest = _MAX_ATTRIBUTE_CHARACTERS
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


_IN_ATTRIBUTES = str.maketrans({'"': "'", "＂": "'", "<": "⟨", "＜": "⟨", ">": "⟩", "＞": "⟩"})


def _fence(match: re.Match[str]) -> str:
    decomposed = unicodedata.normalize("NFKD", match["name"]).casefold().translate(_LOOKALIKES)
    letters = "".join(c for c in decomposed if c.isalpha() and c not in JOINERS)
    return "⟨" if letters.startswith(FENCE) else match[0]
