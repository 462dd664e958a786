"""Does a sentence of an answer say that the documents do not answer?

The prompt asks for one fixed sentence then; models say it in their own words and in the language of
the question all the same. What is looked for in each language is a "not" at a verb of telling,
said of the documents, or of what the writer can find.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from ragcli.domain import Sentence

_EN_PAPERS = (
    r"(?:documents?|passages?|sources?|texts?|excerpts?|context|materials?"
    r"|information (?:provided|given|available))"
)
_EN_TELL = (
    r"(?:answer|contain|mention|say|state|provide|specify|include|give|indicate|address|discuss|tell"
    r"|describe|cover|have|explain|name|list|offer|refer|reveal|identify|clarify|show)"
)
_EN_TOLD = (
    r"(?:mentioned|stated|specified|given|provided|answered|found|contained|included|covered"
    r"|discussed|described|named|available|addressed|indicated|explained|listed)"
)
_ZH_PAPERS = r"(?:文[档檔件本章献獻中]|段落|[资資]料|材料|上下文|原文|片段|[来來]源)"
_ZH_TELL = (
    r"(?:提到|提及|[说說]明|[说說]到|回答|包含|包括|提供|涉及|[给給]出|[记記][载載]|指出|答案"
    r"|信息|[资資][讯訊]|找到|相[关關]|介[绍紹]|描述|列出|[内內]容)"
)
# Said of the documents, with a verb of telling: also with a marker behind it, which then proves
# nothing.
_OF_DOCUMENTS = (
    rf"{_EN_PAPERS}\b[^.;]{{0,40}}\b(?:do|does|did)(?: not|n't)\b[^.;]{{0,20}}\b{_EN_TELL}\b",
    rf"\b(?:no|none of the|neither) [^.;]{{0,20}}{_EN_PAPERS}\b[^.;]{{0,20}}\b{_EN_TELL}s?\b",
    rf"(?:is|are|was|were)(?: not|n't) [^.;]{{0,20}}{_EN_TOLD}\b[^.;]{{0,30}}{_EN_PAPERS}",
    rf"\b(?:can ?not|can't|could not) be (?:answered|determined|found)\b[^.;]{{0,40}}{_EN_PAPERS}",
    r"\bnot in (?:these|the) documents\b",
    rf"{_ZH_PAPERS}[^。；]{{0,12}}(?:[没沒]有|[没沒]|未|[无無]|不)[^。；]{{0,24}}{_ZH_TELL}",
    rf"不在[^。；]{{0,6}}{_ZH_PAPERS}",
)
# Said in looser words: only where nothing is cited. "There is no evidence of it [1]" is a claim.
_OF_ANYTHING = (
    # English, Chinese
    r"\bthere(?: is|'s| are| was) (?:no|not any) [^.;]{0,20}(?:information|mention|answer"
    r"|indication|reference|details?|data|statement|evidence)\b",
    rf"\bno (?:information|mention|answer|details?)\b[^.;]{{0,60}}(?:{_EN_PAPERS}|{_EN_TOLD})",
    r"\b(?:i|we) (?:can ?not|can't|could not|couldn't|(?:am|are|was|were) unable to|do not|don't)"
    r" (?:find|answer|determine|tell|know|locate|say)\b",
    r"(?:[无無]法|不能|[没沒]法|[难難]以)[^。；]{0,16}(?:回答|[确確]定|得知|判[断斷]|找到|得出|知道|[获獲]知)",
    rf"(?:[没沒]有|未|[无無])(?:找到|相[关關]|任何)[^。；]{{0,12}}{_ZH_TELL}",
    # Japanese, Korean
    r"(?:文書|資料|文章|本文|パッセージ|ドキュメント|記載|情報|テキスト)[^。]{0,60}"
    r"(?:ありません|いません|できません|わかりません|ません|いない|されていない|(?:記載|情報)がない)",
    r"(?:문서|자료|본문|구절|지문|문헌|정보)[^.]{0,60}(?:없습니다|않습니다|없다|않는다|못합니다|않았습니다|없음)",
    # German, Dutch
    r"(?:dokumente?n?|passagen?|quellen?|unterlagen|textstellen?|abschnitte?n?|kontext)\b[^.;]{0,60}"
    r"\b(?:nicht(?:s)?|keine?[rnms]?|nirgends)\b",
    r"\bkeine (?:angaben?|informationen?|hinweise?|antwort)\b",
    r"\b(?:documenten|passages|bronnen|teksten|fragmenten)\b[^.;]{0,60}\b(?:niet|niets|geen)\b",
    r"\bgeen (?:informatie|antwoord|vermelding)\b",
    # French, Italian, Spanish, Portuguese
    r"(?:documents?|passages?|sources?|textes?|extraits?)\b[^.;]{0,40}\b(?:ne|n['’])\s?\w+[^.;]{0,20}"
    r"\b(?:pas|aucune?|rien)\b",
    r"\b(?:aucune (?:information|mention|réponse)|il n['’]y a (?:pas|aucune?)|je ne (?:peux"
    r"|trouve))\b",
    r"(?:documenti|passaggi|brani|fonti|testi)\b[^.;]{0,20}\bnon\b",
    r"\bnon (?:è|sono|viene|vengono|si)\b[^.;]{0,40}(?:documenti|passaggi|brani|fonti|testi)\b",
    r"\b(?:nessuna informazione|non ci sono informazioni)\b",
    r"(?:documentos|pasajes|fuentes|textos|fragmentos)\b[^.;]{0,20}\bno\b",
    r"\bno (?:hay|se)\b[^.;]{0,30}(?:información|mencion\w*|respuesta|indica\w*|documentos)",
    r"(?:documentos|passagens|fontes|textos|trechos)\b[^.;]{0,20}\bnão\b",
    r"\bnão (?:há|é|são|se)\b[^.;]{0,40}(?:informaç\w+|menç\w+|mencionad\w+|resposta|documentos)",
    # Russian, Polish
    r"(?:документ\w*|отрыв\w*|текст\w*|источник\w*|фрагмент\w*)\b[^.;]{0,40}\b(?:не|нет)\b",
    r"\bнет (?:информации|ответа|сведений|упоминани\w+)",
    r"(?:dokument\w*|fragment\w*|źródł\w*|tekst\w*|materiał\w*)\b[^.;]{0,40}\bnie\b",
    r"\b(?:brak informacji|nie ma (?:informacji|odpowiedzi))\b",
)  # fmt: skip


@cache
def _pattern(group: tuple[str, ...]) -> re.Pattern[str]:
    """Compiled when the first answer comes: it takes 20 ms."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in group), re.IGNORECASE)


# What is said beyond the not: the sentence may claim something after all.
_BUT = re.compile(
    r"\b(?:but|however|although|though|only|except|aber|jedoch|doch|nur|mais|toutefois|seulement|pero"
    r"|sino|solo|ma|però|mas|porém|maar|echter|но|однако|ale|jednak)\b|但|不[过過]|而是|只|しかし|が、|하지만",
    re.IGNORECASE,
)


# What may stand before a denial, as a sentence of its own.
_SORRY = re.compile(
    r"\W*(?:i(?:'m| am) (?:very |truly )?sorry|sorry|i apologi[sz]e|unfortunately"
    r"|(?:很|非常)?抱歉|[对對]不起|很?[遗遺]憾|申し訳|すみません|残念|죄송|미안|유감"
    r"|es tut mir leid|leider|entschuldigung|je suis désolée?|désolée?|malheureusement"
    r"|lo siento|lamentablemente|mi dispiace|purtroppo"
    r"|desculpe|lamento|infelizmente|helaas|het spijt me|извините|к сожалению|przepraszam|niestety"
    r"|przykro mi)[^.!。！]{0,30}[.!。！]?\s*",
    re.IGNORECASE,
)


def only_denies(sentences: Sequence[Sentence]) -> bool:
    """What an answer's first sentences, checked, come to so far: nothing is claimed with evidence.

    The first that has words and does more than be sorry says that the documents do not answer, and
    what follows it says so, too, or cites nothing. True also of sentences without any word.
    """
    worded = [
        s
        for s in sentences
        if any(c.isalnum() for c in s.text) and not _SORRY.fullmatch(s.text.replace("’", "'"))
    ]
    return not worded or (
        _denies(worded[0]) and not any(s.citations and not _denies(s) for s in worded)
    )


def _denies(sentence: Sentence) -> bool:
    """It is a denial, and its quotes, if any, prove nothing: documents may say of others that they
    do not say something, and a claim may follow behind a but."""
    if not is_denial(sentence.text, cited=bool(sentence.citations)):
        return False
    found = [c.verdict for c in sentence.citations if c.quote and c.verdict != "not_found"]
    return not found or ("supported" not in found and not _BUT.search(sentence.text))


def is_denial(text: str, *, cited: bool = False) -> bool:
    """The words say that the documents do not answer."""
    told = " ".join(text.replace("’", "'").split())
    if _pattern(_OF_DOCUMENTS).search(told):
        return True
    return not cited and bool(_pattern(_OF_ANYTHING).search(told))
