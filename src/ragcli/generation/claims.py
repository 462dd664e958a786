"""Does a claim agree with the words that it cites? Told without a model, so told carefully.

*Supported* needs all of this: what the claim says stands in the source in the same order (the
longest common subsequence of their words covers most of the claim), every number, date, unit and
name of it among them, and as many negations. A number or a name that the source has nowhere, or a
negation too many or too few, *disagrees*. All else, paraphrase above all, is *unchecked*: a person
has to read it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from ragcli.generation.quantities import MONTH, Quantity, quantities
from ragcli.text.scripts import HAN, INDIC, KANA, unspaced_share
from ragcli.text.stems import common_stem
from ragcli.text.terms import STOP_WORDS

# The share of a claim's words that must stand in the source, in order, for it to be supported:
# what is left may be a verb or an adjective of its own. Names show by their capital letters; where
# a script has none, any word may be one, and all must stand there.
WORDS_IN_COMMON = 0.7

# Sentences with fewer words in common than this are not about the same.
_LEAST_COMMON = 3

# From here on a number before 年 is a date.
_FIRST_YEAR = 1000

_VALUES = frozenset({"number", "negation"})

Agreement = Literal["agrees", "disagrees", "unchecked"]


class Judged(NamedTuple):
    """``note`` says what differs, in words; empty where nothing does."""

    verdict: Agreement
    note: str = ""


class _Token(NamedTuple):
    """``opening`` is a word that may be a name, because it begins a sentence, or one that tells a
    number or a time in a language without a table of them. The key of a negation that may be none
    is empty. ``clause`` counts the commas before it."""

    kind: Literal["word", "opening", "name", "number", "negation"]
    key: str
    text: str
    clause: int
    quantity: Quantity | None = None


# A sign of a script without spaces, Thai's not, or a word.
_ALONE = rf"[{HAN}{KANA}]|ไม่"
_SIGNS = rf"(?:(?!{_ALONE}|[।॥])[\w{INDIC}])+"
_WORD = re.compile(rf"{_ALONE}|{_SIGNS}(?:['’]{_SIGNS})*")

_NEGATIONS = frozenset(
    """
    not no never none nor neither without cannot nothing nobody nowhere
    nicht kein keine keinen keinem keiner keines nie niemals nichts ohne
    ne pas jamais aucun aucune sans rien
    nunca sin ningún ninguna ninguno nada jamás
    não nunca sem nenhum nenhuma
    non mai senza nessun nessuno nessuna niente
    niet geen nooit zonder
    не нет ни никогда без ні немає
    nie nigdy bez inte ej aldrig utan ikke aldri uden uten ei ilman nu niciodată fără nem soha
    nélkül değil yok hiç không chưa tidak bukan tanpa cap sense δεν μη μην όχι ποτέ χωρίς
    لا ليس ليست لم لن بدون لیس نیست نمی نه לא אין בלי नहीं न मत बिना ไม่ 안 못 없이 없다
    """.split()  # noqa: SIM905 - a quoted word each would fill a page
)
_NOT = re.compile(
    "(?:ai|are|ca|could|did|do|does|had|has|have|is|might|must|need|sha|should|was|were|wo|would)n't"
)
# What only English and Chinese have numbers for (``quantities.py``): no other word may stand for
# one of these.
_TELLING = frozenset(
    """
    zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig hundert tausend
    deux trois quatre cinq sept huit neuf dix onze douze vingt trente cent mille
    dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cien ciento mil
    due tre quattro cinque sei sette otto nove dieci undici dodici venti trenta cento
    dois duas três quatro sete oito dez onze doze vinte trinta cem
    twee drie vijf zes zeven negen tien twaalf twintig dertig honderd duizend
    два две три четыре пять шесть семь восемь девять десять двенадцать двадцать тридцать сто тысяча
    jour jours semaine semaines mois an ans année années heure heures
    día días semana semanas mes meses año años hora horas minutos segundos
    giorno giorni settimana settimane mese mesi anno anni ora ore
    dia dias mês ano anos dag dagen weken maand maanden jaar uur
    день дня дней неделя недели недель месяц месяца месяцев год года лет час часа часов
    janvier février mars avril mai juin juillet août septembre octobre novembre décembre
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
    januari februari maart april mei juni juli augustus oktober
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    """.split()  # noqa: SIM905 - a quoted word each would fill a page
)
# Grammar, not content (Chinese).
_HAN_FUNCTION_SIGNS = frozenset("的了是在于於有和与與及为為被把其该該这這那也都就并並而")
# What denies in Chinese, and where the sign is part of another word that may deny nothing (不仅).
_HAN_NEGATION = frozenset("不没沒无無未非勿莫")
_HAN_WEAK = re.compile(
    r"不(?=[仅僅但过過断斷久管同])|[出埋]没|没收|沒收|[无無](?=论)|未(?=[来來])|非(?=常)"
)

# How far the shares of words without spaces may differ in one language, which quotes others.
_OTHER_LANGUAGE = 0.6


def agreement(claim: str, sentence: str, passage: str, quote: str = "") -> Judged:
    """How a claim stands to its source: ``sentence`` are the whole sentences that hold the words it
    cites (``quote``), ``passage`` all that was shown, its headings included."""
    own, said = _read(claim), _read(sentence)
    if not own or _other_script(claim, sentence):
        return Judged("unchecked", "in another language" if own else "")
    everywhere = _read(passage)
    for token in own:
        if token.kind == "number" and not _stands(token, everywhere):
            return Judged("disagrees", _differing(token, (*_read(quote), *said), everywhere))
        if token.kind == "name" and not _stands(token, everywhere):
            told = f"claim names {token.text}, the source does not"
            return Judged("unchecked" if _writes_nouns_large(own) else "disagrees", told)
    if len(own) == len(said) and all(map(_identical, own, said)):
        return Judged("agrees")
    mine = [t for t in own if t.kind != "negation"]
    theirs = [t for t in said if t.kind != "negation"]
    if not mine:
        return Judged("unchecked", "in other words")
    pairs = _common(mine, theirs)
    clauses = {theirs[j].clause for _, j in pairs}
    denied = [t for t in said if t.kind == "negation" and t.clause in clauses]
    return (
        _denies([t for t in own if t.kind == "negation"], denied)
        or _counts(mine, theirs, pairs)
        or _says(mine, {i for i, _ in pairs})
    )


def contradict(one: str, other: str) -> bool:
    """Two sentences say the same of the same with other numbers, or where one says not."""
    mine, theirs = _read(one), _read(other)
    words, others = ([t for t in some if t.kind not in _VALUES] for some in (mine, theirs))
    common = len(_common(words, others))
    if common < max(_LEAST_COMMON, WORDS_IN_COMMON * max(len(words), len(others))):
        return False
    names = [t for t in (*words, *others) if t.kind == "name"]
    if not all(_stands(n, words) and _stands(n, others) for n in names):
        return False
    denied, refused = (sum(t.kind == "negation" for t in some) for some in (mine, theirs))
    return denied != refused or any(_other_values(_numbers(mine), _numbers(theirs)))


def measure_otherwise(one: str, other: str) -> bool:
    """Two sentences have measures of the same unit, and each one that the other has not. A date is
    none: two sentences may well tell of different years."""
    mine, theirs = (
        [q for q in _numbers(_read(text)) if q.unit not in ("", MONTH) and not _is_year(q)]
        for text in (one, other)
    )
    return bool(_other_values(mine, theirs))


def _is_year(quantity: Quantity) -> bool:
    """As in `2024年`."""
    return quantity.unit == "year" and quantity.value >= _FIRST_YEAR


def _numbers(tokens: Sequence[_Token]) -> list[Quantity]:
    return [t.quantity for t in tokens if t.quantity is not None]


def _other_values(mine: Sequence[Quantity], theirs: Sequence[Quantity]) -> set[str]:
    """The units in which each has a number that the other has not."""
    own = {q.unit for q in mine if not any(q.agrees(other) for other in theirs)}
    return own & {q.unit for q in theirs if not any(q.agrees(other) for other in mine)}


def _denies(mine: Sequence[_Token], theirs: Sequence[_Token]) -> Judged | None:
    """A judgement where the claim and the clauses it is taken from do not deny equally often."""
    own, said = ([t.text for t in some if t.key] for some in (mine, theirs))
    if own and not said:
        return Judged("disagrees", f"claim says “{own[0]}”, the source does not")
    if said and not own:
        return Judged("disagrees", f"the source says “{said[0]}”, the claim does not")
    if (len(own), len(mine)) != (len(said), len(theirs)):
        return Judged("unchecked", "claim and source deny differently")
    return None


def _counts(
    mine: Sequence[_Token], theirs: Sequence[_Token], pairs: Sequence[tuple[int, int]]
) -> Judged | None:
    """A judgement where claim and source have different numbers between the same two words."""
    common = dict(pairs)
    for i, token in enumerate(mine[:-1]):
        before, after = common.get(i - 1), common.get(i + 1)
        if token.kind != "number" or before is None or after != before + 2:
            continue
        other = theirs[before + 1]
        if other.kind == "number" and not _same(token, other):
            return Judged("disagrees", f"claim says {token.text}, source says {other.text}")
    return None


def _says(mine: Sequence[_Token], common: set[int]) -> Judged:
    """Whether enough of the claim's words stand in the source as they follow each other."""
    for i, token in enumerate(mine):
        if token.kind in ("number", "name", "opening") and i not in common:
            return Judged("unchecked", f"the cited sentence does not say {token.text} of this")
    letters = [c for token in mine for c in token.text if c.isalpha()]
    has_case = sum(c.upper() != c.lower() for c in letters) > len(letters) / 2
    needed = WORDS_IN_COMMON if has_case else 1.0
    share = len(common) / len(mine) if mine else 0.0
    return Judged("agrees") if share >= needed else Judged("unchecked", "in other words")


def _differing(token: _Token, said: Sequence[_Token], everywhere: Sequence[_Token]) -> str:
    """`claim says 60 days, source says 30 days`: what the source has of the same kind. A number
    without a unit is of the kind of all that are ``said``, and of no other."""
    wanted = token.quantity
    assert wanted is not None, "numbers have one"
    near = _numbers(said)
    alike = [q for q in (*near, *_numbers(everywhere)) if wanted.unit and q.unit == wanted.unit]
    alike = alike or [q for q in near if q.unit == wanted.unit]
    alike = alike or [q for q in near if MONTH not in (q.unit, wanted.unit)]
    if not alike:
        return f"claim says {token.text}, the source does not"
    return f"claim says {token.text}, source says {alike[0].text}"


def _stands(token: _Token, among: Sequence[_Token]) -> bool:
    return any(_same(token, other) for other in among)


def _same(one: _Token, other: _Token) -> bool:
    if one.quantity is not None or other.quantity is not None:
        both = one.quantity is not None and other.quantity is not None
        return both and one.quantity.agrees(other.quantity)  # type: ignore[union-attr,arg-type]
    return one.key == other.key


def _identical(one: _Token, other: _Token) -> bool:
    return one.kind == other.kind and _same(one, other)


def _common(mine: Sequence[_Token], theirs: Sequence[_Token]) -> list[tuple[int, int]]:
    """The places of a longest common subsequence in both (Wagner and Fischer 1974)."""
    lengths = [[0] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
    for i in range(len(mine) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            if _same(mine[i], theirs[j]):
                lengths[i][j] = lengths[i + 1][j + 1] + 1
            else:
                lengths[i][j] = max(lengths[i + 1][j], lengths[i][j + 1])
    pairs = []
    i = j = 0
    while i < len(mine) and j < len(theirs):
        if _same(mine[i], theirs[j]):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _other_script(claim: str, source: str) -> bool:
    return abs(_unspaced(claim) - _unspaced(source)) > _OTHER_LANGUAGE


def _unspaced(text: str) -> float:
    """The share of a text's words that are in a script without spaces: a name of many letters in
    another script is one of them."""
    words = _WORD.findall(text)
    return sum(unspaced_share(w) > 0 for w in words) / len(words) if words else 0.0


def _writes_nouns_large(tokens: Sequence[_Token]) -> bool:
    """As German does: a capital letter is no sign of a name."""
    words = [t for t in tokens if t.kind in ("word", "name")]
    return sum(t.text[0].isupper() for t in words) > 0.35 * len(words)


@lru_cache(64)  # an answer's passages, each looked at for every claim
def _read(text: str) -> tuple[_Token, ...]:
    """The words that say something, in order; of a date the month first."""
    shown = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-")
    # A letter for a letter, so that offsets hold in both.
    plain = "".join(low if len(low := c.lower()) == 1 else c for c in shown)
    clauses = [m.start() for m in _CLAUSE_END.finditer(plain)]
    numbers = quantities(plain)
    tokens = [
        (q.start, _Token("number", "", shown[q.start : q.end].strip(), bisect(clauses, q.start), q))
        for q in numbers
    ]
    taken = {at for q in numbers for at in range(q.start, q.end)}
    weak = {at for m in _HAN_WEAK.finditer(plain) for at in range(*m.span())}
    for match in _WORD.finditer(shown):
        start = match.start()
        if start in taken and match.end() - 1 in taken:
            continue
        begins = _begins_sentence(shown, start)
        token = _word(match[0], start in weak, begins, bisect(clauses, start))
        if token is not None:
            tokens.append((start, token))
    ordered = [token for _, token in sorted(tokens, key=lambda pair: pair[0])]
    for i in range(len(ordered) - 1):
        if _is_day(ordered[i]) and _is_month(ordered[i + 1]):
            ordered[i], ordered[i + 1] = ordered[i + 1], ordered[i]
    return tuple(ordered)


# Not in a number: a comma there parts thousands.
_CLAUSE_END = re.compile(
    r"[;:；：、，—]|,(?!\d)|[.!?](?=\s)|[。！？]|\b(?:but|while|whereas|although)\b"
)


def _is_day(token: _Token) -> bool:
    q = token.quantity
    return q is not None and q.unit in ("", "day") and 1 <= q.value <= 31


def _is_month(token: _Token) -> bool:
    return token.quantity is not None and token.quantity.unit == MONTH


def _word(text: str, is_weak: bool, begins: bool, clause: int) -> _Token | None:
    low = text.lower().replace("’", "'")
    if low in _HAN_NEGATION:
        return _Token("negation", "" if is_weak else low, text, clause)
    if low in _NEGATIONS or _NOT.fullmatch(low):
        return _Token("negation", low, text, clause)
    if low in _HAN_FUNCTION_SIGNS or (low in STOP_WORDS and (begins or low == text)):
        return None
    is_name = any(c.isupper() for c in text[1:]) or any(c.isdigit() for c in text)
    kind: Literal["word", "opening", "name"] = "opening" if low in _TELLING else "word"
    if is_name or text[0].isupper():
        kind = "opening" if begins and not is_name else "name"
    return _Token(kind, common_stem(low.removesuffix("'s")), text, clause)


def _begins_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip(" \t\"'“”‘’«»„([*_#>-")
    return not before or before[-1] in ".!?:;\n。！？：；…"
