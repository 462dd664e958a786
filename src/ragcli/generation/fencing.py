"""A document's text as data: in the prompt, nothing of it can pass for ours.

Ours are the fence around a passage, the markers of an answer, and the turns of the conversation.
What looks like one of them is written with another bracket, ``⟨`` or ``⟦``, sign for sign, so that
the text stays readable and a quote of it can still be found (``quotes.py``).
"""

from __future__ import annotations

import re
import unicodedata

from ragcli.text.unseen import JOINERS, without_unseen

FENCE = "passage"

# So far ahead of a bracket is looked at: the longest token of a template has 30 characters.
_AHEAD_CHARACTERS = 48
_AHEAD = rf"(?s:(?=(?P<ahead>.{{0,{_AHEAD_CHARACTERS}}})))"
# What reads as `<`: in any width (NFKC), and as HTML writes it.
_ANGLE = re.compile(rf"(?:[<＜﹤]|&lt;?|&#0*60;?|&#x0*3c;?){_AHEAD}", re.IGNORECASE)
_SQUARE = re.compile(rf"[\[［]{_AHEAD}")

# Turns and roles in the templates of chat models, as special tokens of their vocabularies, behind
# their bracket:
# - `<|…|>`: ChatML, Llama 3 and 4, Phi, Command R, Granite, GLM, gpt-oss; `<｜…｜>`: DeepSeek
# - words between `<` and `>`: Gemma, Llama 2, Qwen, SentencePiece's own
# - `[|…|]`: EXAONE; `[INST]` and other capitals: Mistral, InternLM; `[gMASK]`: GLM
_ANGLE_TURN = re.compile(
    r"\||<?/?sys>|/?(?:s|bos|eos|eot|sop|eop|pad|unk|mask|cls|sep|think|answer|response|image"
    r"|tool(?:s|_call|_calls|_response)?|function_calls?|system|user|assistant|model|human"
    r"|(?:start|end)_of_(?:turn|image)|[a-z]+_token|unused\d+|extra_id_\d+|reserved_\d+"
    r"|special_\d+|seed:[\w:]+)(?:>|&gt;)"
)
_SQUARE_TURN = re.compile(
    r"\||/?(?:inst|system_prompt|model_settings|available_tools|tool_\w+|think|img(?:_\w+)?|gmask"
    r"|unused_token_\d+)\]"
)
# Letters of other alphabets that pass for those of the fence's name (Unicode confusables.txt).
_LOOKALIKES = str.maketrans(
    {"а": "a", "α": "a", "ɑ": "a", "ѕ": "s", "ꜱ": "s", "р": "p", "ρ": "p", "ᴘ": "p", "ɡ": "g"}
    | {"ց": "g", "ԍ": "g", "е": "e", "ε": "e", "ҽ": "e"}
)

# Accents and joiners, which a reader may pass over.
_BETWEEN = f"\u0300-\u036f{JOINERS}"
# Markers: of numbers alone, with a name behind a dagger, or with a quote (``markers.py``).
_NUMBERS = rf"[\s{_BETWEEN}]{{0,3}}\d[\d\s{_BETWEEN},，、;；–~-]*"
_MARKER = re.compile(rf"[\[【［](?P<inside>{_NUMBERS}(?:†[^\[\]【】［］\n]*)?)[\]】］]")
_QUOTING_MARKER = re.compile(rf"[\[【［](?={_NUMBERS}(?:†|[:：]?\s?[\"“”„«「『＂'‘’]))")

# A path or a heading that says more than this says it to be read as an instruction.
_MAX_ATTRIBUTE_CHARACTERS = 200


def neutralised(text: str) -> str:
    """A document's text with nothing in it that could pass for our fence, a marker or a turn."""
    told = _MARKER.sub(lambda m: f"⟦{m['inside']}⟧", without_tokens(text))
    return _QUOTING_MARKER.sub("⟦", told)


def without_tokens(text: str) -> str:
    """What a person typed or a document says, without what is not seen, and with nothing that
    begins or ends a passage or a turn of the conversation."""
    visible = without_unseen(text)
    return _SQUARE.sub(_square, _ANGLE.sub(_angle, visible))


def _angle(match: re.Match[str]) -> str:
    ahead = _folded(match["ahead"])
    letters = "".join(c for c in _ENDS_NAME.split(ahead)[0] if c.isalpha())
    forged = _ANGLE_TURN.match(ahead) or letters.translate(_LOOKALIKES).startswith(FENCE)
    return "⟨" if forged else match[0]


_ENDS_NAME = re.compile("[<>]")


def _square(match: re.Match[str]) -> str:
    return "⟦" if _SQUARE_TURN.match(_folded(match["ahead"])) else match[0]


def _folded(text: str) -> str:
    """As a lenient reader takes it: one width, one case, no accents, blanks or joiners."""
    if text.isascii():
        return "".join(text.split()).lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(
        c for c in decomposed if not (c.isspace() or unicodedata.combining(c) or c in JOINERS)
    )


def attribute(value: str) -> str:
    """A path or a heading as the value of the fence's attribute, which it cannot end."""
    told = neutralised(value).translate(_IN_ATTRIBUTES)
    line = " ".join(told.split())
    longest = _MAX_ATTRIBUTE_CHARACTERS
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


_IN_ATTRIBUTES = str.maketrans({'"': "'", "＂": "'", "<": "⟨", "＜": "⟨", ">": "⟩", "＞": "⟩"})
