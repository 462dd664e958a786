"""Follow-up questions: whether a question leans on the one before it, and what it then takes
along.

Rules for English and Chinese, on words alone: no model, no corpus. To leave a question alone that
can be understood alone is worth more than to see every follow-up: what is added to it can only lead
away. So a pronoun counts only where the question itself holds nothing that it could stand for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from ragcli.text.scripts import HAN
from ragcli.text.terms import STOP_WORDS, question_terms

# More would be a question of its own, and drown the one that was asked.
MAX_CARRIED = 8

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


def refers_back(question: str) -> bool:
    """It cannot be understood without what was asked before."""
    return _chinese_refers_back(question) if _is_chinese(question) else _refers_back(question)


def is_readable(question: str) -> bool:
    """It is in a language whose rules are here. Of another, ``refers_back`` sees little."""
    words = {word.lower() for word in _WORD.findall(question)}
    return _is_chinese(question) or not words.isdisjoint(_ENGLISH)


def carried(question: str, earlier: str, answer: str = "") -> str:
    """The follow-up with the words that it takes from the question before it, as that was searched
    for, in brackets; where it asks of a person, also with the name that was the answer."""
    if _is_chinese(question) or _is_chinese(earlier):
        words = _chinese_topic(question, earlier)
    else:
        words = _topic(question, earlier, answer)
    own = set(question_terms(question))
    fresh = [word for word in dict.fromkeys(words) if not own.issuperset(question_terms(word))]
    return f"{question.strip()} ({' '.join(fresh[:MAX_CARRIED])})" if fresh else question.strip()


def _is_chinese(text: str) -> bool:
    return bool(_han().search(text))


@cache
def _han() -> re.Pattern[str]:
    return re.compile(f"[{HAN}]+")


# ------------------------------------------------------------------ English


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRONOUNS = _words(
    "it its itself they them their theirs he him his she her hers this that these those"
)
_OF_PERSONS = _words("he him his she her hers they them their")
_OWNERS = _words("its their his her")
_AUXILIARIES = _words(
    """
    is are was were be been am do does did can could should would will may might must has have had
    isn't aren't wasn't weren't don't doesn't didn't can't couldn't shouldn't wouldn't won't
    what's who's where's how's it's that's
    """
)
_ASKING = _words("what which who whom whose when where why how")
_PREPOSITIONS = _words(
    """
    about after against at before between by during for from in into like near of on over per
    since than through to under until with within without
    """
)
_DETERMINERS = _words("a an the my your our each every some any no all")
_OPENERS = re.compile(
    r"\s*(?:(?:and|but|or|so|then|also|plus|ok|okay|well|now)\b[\s,]*)+", re.IGNORECASE
)
_WHAT_ABOUT = re.compile(r"\s*(?:what|how)\s+(?:about|of|if)\b|\s*why\s+not\b", re.IGNORECASE)
# No topic of their own: measures, requests, and what only points at more of the same.
_FRAME = (
    STOP_WORDS
    | _ASKING
    | _AUXILIARIES
    | _PREPOSITIONS
    | _words(
        """
    many much long often old far big large tall high fast soon early late exactly precisely
    tell show give explain describe elaborate continue go please know mean means say says
    more most less else other others another again same one ones too just only really still
    detail details example examples reason happen happens happened all any some every each
    yes okay ok also plus well now
    """
    )
)
# Words that no other language with spaces has, as far as short questions go.
_ENGLISH = (
    _ASKING
    | _words("is are were does did can could should would have had the of and with")
    | _words("about this that these those they them their it its for from explain tell")
)
# `it` that stands for nothing: "is it possible to …", "how long does it take to …".
_EMPTY_IT = re.compile(
    r"\bit\b(?=(?:\s+takes?\b.*|(?:\s+[\w'-]+){1,3}?)\s+(?:to|that|if|when|for|how|why|who)\s+\w)",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"(?<!is )(?<!are )\b(?:there|ones?)\W*$|^\s*which ones?\b", re.IGNORECASE
)
_MEASURE = re.compile(
    r"\bhow\s+(?:many|much|long|often|old|far|big|large|tall|high|fast)\b", re.IGNORECASE
)


def _refers_back(question: str) -> bool:
    opened = _OPENERS.match(question)
    rest = question[opened.end() :] if opened else question
    words = _WORD.findall(rest.replace("’", "'"))
    lower = [word.lower() for word in words]
    own = [word for word in lower if word not in _FRAME | _PRONOUNS]
    if len(own) > 1:
        words = _WORD.findall(_EMPTY_IT.sub("something", rest.replace("’", "'")))
        lower = [word.lower() for word in words]
    if any(_lacks_antecedent(words, at) for at, word in enumerate(lower) if word in _PRONOUNS):
        return True
    if _WHAT_ABOUT.match(rest):
        return len(own) <= 3
    if _POINTS_BACK.search(rest):
        return len(own) <= 2
    if not own:
        return bool(words)
    return _is_elliptical(lower, own, bool(opened), question.rstrip().endswith("?"))


def _is_elliptical(lower: Sequence[str], own: Sequence[str], opened: bool, asks: bool) -> bool:
    """It has no verb that would make it whole, or asks for one thing that only a topic has."""
    if _AUXILIARIES.isdisjoint(lower):
        if lower[0] in _PREPOSITIONS or opened:
            return len(own) <= (3 if lower[0] not in _ASKING else 1)
        return len(own) <= 1 and (asks or lower[0] in _ASKING)
    # "Who was the architect?", "are there exceptions?"
    return len(own) == 1 and ("there" in lower or (lower[0] == "who" and lower[-2] == "the"))


def _lacks_antecedent(words: Sequence[str], at: int) -> bool:
    """Nothing before the pronoun at this place could be what it stands for."""
    lower = [word.lower() for word in words]
    if lower[at] == "that" and not _points(lower, at):
        return False
    begin = 0
    if lower[0] in _ASKING:
        # What is asked for ("which kind of damage does it cover?") is not what it is asked of.
        verbs = [i for i in range(at) if lower[i] in _AUXILIARIES]
        begin = verbs[0] + 1 if verbs else 1
    nouns = [i for i in range(begin, at) if _is_noun(words, i)]
    if lower[at] in _OWNERS:
        # "Which animals use their tails?", "who was known for his work?"
        return not nouns and (at == begin or lower[0] not in ("who", "which", "what", "whose"))
    # "The author of it": what the pronoun belongs to is not what it stands for.
    return not [i for i in nouns if not (i == at - 2 and lower[at - 1] in _PREPOSITIONS)]


def _points(lower: Sequence[str], at: int) -> bool:
    """A `that` which stands for something, and does not begin a clause."""
    before = lower[at - 1] if at else ""
    return at == len(lower) - 1 or before in _AUXILIARIES | _PREPOSITIONS | _ASKING


def _is_noun(words: Sequence[str], at: int) -> bool:
    """As far as can be told without a dictionary: a name, or what a determiner, a preposition, or
    the verb of a question stands before."""
    word = words[at].lower()
    if word in _FRAME or word in _PRONOUNS:
        return False
    if words[at][0].isupper() and (at or words[1].lower() not in _PRONOUNS):
        return True
    if word.endswith("ing"):
        return False
    known = _DETERMINERS | _PREPOSITIONS | _AUXILIARIES
    before = [w.lower() for w in words[max(0, at - 3) : at]]
    while before and before[-1] not in known and before[-1] not in _FRAME | _PRONOUNS:
        before.pop()  # "the old town": over adjectives to the determiner
    return bool(before) and before[-1] in known - {"to"}


def _topic(question: str, earlier: str, answer: str) -> list[str]:
    opened = _OPENERS.match(question)
    rest = _WORD.findall(question[opened.end() :] if opened else question)
    lower = [word.lower() for word in rest]
    whole = not _AUXILIARIES.isdisjoint(lower) and not _WHAT_ABOUT.match(question)
    words = [] if whole or _MEASURE.search(question) else _MEASURE.findall(earlier)
    replaced = set() if whole else _replaced(rest, earlier)
    words += [
        word
        for word in _WORD.findall(earlier)
        if word.lower() not in _FRAME | _PRONOUNS and word.lower() not in replaced
    ]
    if not _OF_PERSONS.isdisjoint(lower):
        words += _name(answer, earlier)
    return words


def _replaced(rest: Sequence[str], earlier: str) -> set[str]:
    """Words of the earlier question whose place the follow-up takes: "and in Paris?" that of the
    other name, or of what stood behind the same preposition."""
    words = _WORD.findall(earlier)
    gone: set[str] = set()
    if any(word[0].isupper() and word.lower() not in _FRAME for word in rest):
        gone |= {word.lower() for word in words[1:] if word[0].isupper()}
    prepositions = {word.lower() for word in rest if word.lower() in _PREPOSITIONS} - {"about"}
    for at, word in enumerate(words):
        if word.lower() in prepositions and words[at + 1 : at + 2] not in (["how"], ["which"]):
            for behind in words[at + 1 :]:
                if behind.lower() in _PREPOSITIONS | _AUXILIARIES:
                    break
                gone.add(behind.lower())
    return gone


def _name(answer: str, earlier: str) -> list[str]:
    """The first name of several words in the answer that the question did not have."""
    known = {word.lower() for word in _WORD.findall(earlier)}
    for match in re.finditer(r"[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)+", answer):
        words = [word for word in match[0].split() if word.lower() not in _FRAME]
        if len(words) > 1 and not known.issuperset(word.lower() for word in words):
            return words
    return []


# ------------------------------------------------------------------ Chinese

# Words that ask, measure or join: no topic of their own. The longer ones first.
_CHINESE_FRAME = re.compile(
    "为什么|是什么|什么时候|什么样|什么|会怎样|怎么样|怎么办|怎么|怎样|如何|为何|何时|何地|哪一年|哪几种|哪些|哪个"
    "|哪里|哪儿|哪年|多少|多长|多久|多大|多高|多远|几个|几种|有没有|是不是|能不能|可不可以|可以|能否|是否|应该|需要"
    "|请问|告诉我|详细|具体|说说|介绍一下|介绍|解释一下|解释|举个例子|例子|一下|一共|总共|常见|主要|还有|另外|此外|其他"
    "|别的|以及|那么|然后|如果|要是|的话|关于|至于|对于|但是|它们|他们|她们|这些|那些|这个|那个|这里|那里|这时|那时"
    "|前者|后者|原因|一样|同样|[的了吗呢吧啊呀谁哪几个是有和与或在由被把从也都就还又再更最很那这它他她其该此多]"
)
_CHINESE_PRONOUN = re.compile(
    "它们?|(?<![其吉维马])他们?|她们?|(?<![因从如彼])此(?![外致])|这|那(?=[个些里时次年种场位座家项款本件是])(?!些.{2,}的)"
    "|(?<!耳)其(?![他它余实次])|(?<!应)该(?![怎如不做由])|前者|后者|上述|刚才"
)
_CHINESE_OPENER = re.compile(
    r"\s*(?:那么|那(?!不)|还有|另外|此外|以及|而|但是|但|所以|然后|如果是|换成|至于)[，,\s]*"
)
# What somebody did to it: "是谁提出它的？"
_CHINESE_ACT = re.compile("(?:谁|怎么|怎样|如何)[^的]{1,3}$")
_CHINESE_ENDING = re.compile(r"呢[？?。!！\s]*$")
# "有例外吗？"
_CHINESE_EXISTS = re.compile(r"\s*(?:还?有|有没有)[^，,]*[吗？?]\s*$")
_CHINESE_MEASURE = re.compile(
    "多少|多长|多久|多大|多高|多远|几[个年月日次名人岁种位]|什么时候|何时|哪年|谁|为什么|怎么|如何"
)


def _chinese_own(text: str) -> list[str]:
    """The runs of a Chinese text that say what it is about, also those in other scripts."""
    runs = [run for part in _han().findall(text) for run in _CHINESE_FRAME.split(part) if run]
    return runs + _WORD.findall(_han().sub(" ", text))


def _chinese_refers_back(question: str) -> bool:
    own = _chinese_own(question)
    size = sum(len(run) for run in own if _is_chinese(run)) + 2 * sum(
        not _is_chinese(run) for run in own
    )
    for pronoun in _CHINESE_PRONOUN.finditer(question):
        before = _CHINESE_OPENER.sub("", question[: pronoun.start()])
        before = _CHINESE_ACT.sub("", before)
        if not any(len(run) > 1 for run in _chinese_own(before)) and "”" not in before:
            return True
    if _CHINESE_ENDING.search(question):
        return size <= 6 and not _CHINESE_MEASURE.search(question)
    if _CHINESE_OPENER.match(question):
        return size <= 4
    return size <= (3 if _CHINESE_EXISTS.match(question) else 1)


def _chinese_topic(question: str, earlier: str) -> list[str]:
    """Where the follow-up only names something else (X呢), that takes the place of what stood
    before the first 的 of the earlier question."""
    only_names = bool(_CHINESE_ENDING.search(question)) and not _CHINESE_MEASURE.search(question)
    head, of, tail = earlier.partition("的")
    topic = tail if only_names and of and _chinese_own(tail) and len(head) <= 10 else earlier
    asked = _CHINESE_MEASURE.findall(earlier) if only_names else []
    return [*_chinese_own(topic), *asked]
