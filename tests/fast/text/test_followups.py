"""Which questions lean on the one before them, and what they take along."""

from __future__ import annotations

import pytest

from ragcli.text.followups import MAX_CARRIED, carried, is_readable, refers_back

# Each can be understood alone, though it looks like one that cannot.
ALONE = """
how long is the warranty?
What is photosynthesis?
Who was Napoleon?
Is it possible to return opened goods?
How long does it take to charge the battery?
What is it called when a star explodes?
How do whales feed their young?
Which animals use their tails to swim?
What is the city that hosts the festival?
And who won the 1998 world cup?
Who wrote Hamlet?
Which countries border France?
battery warranty
VAT rate
exit code 12
list the exit codes
Explain photosynthesis.
Does the warranty cover batteries that were opened?
When did Tesla move to his laboratory?
Who backed policies that have poor prospects?
Who was known for her work on radium?
How old was Manning when he retired?
Why are the scores of BM25 in SQLite negative?
Can I take a document out again after I removed it?
保修期有多长？
什么是光合作用？
鲸鱼如何喂养它们的幼崽？
其他国家的税率是多少？
应该怎样退货？
该怎么退货？
因此造成的损失由谁赔偿？
电池保修
那不勒斯在哪里？
加那利群岛在哪里？
土耳其的首都是哪里？
吉他怎么调音？
拿破仑是谁？
还有哪些国家加入了欧盟？
谁支持那些前景暗淡的政策？
如果文件被删除了怎么办？
""".strip().splitlines()

LEANING = """
And for batteries?
What about batteries?
Why?
Why is that?
Who wrote it?
When was he born?
How tall is it?
And in Paris?
In Paris?
Tell me more.
What else?
Who was the architect?
Are there exceptions?
Which one is cheaper?
Who lives there?
Does it also cover accidents?
Can I return them?
What kind of damage does it cover?
How long for batteries?
What happened after that?
Who were his parents?
so how do I enable that?
电池呢？
那电池呢？
为什么？
它是谁写的？
是谁提出它的？
他是哪年出生的？
那么在巴黎呢？
还有呢？
具体怎么做？
有例外吗？
多少钱？
这些产品也保修吗？
其中哪个最便宜？
前者的优点是什么？
该条款什么时候生效？
如果是二手的呢？
""".strip().splitlines()


@pytest.mark.parametrize("question", ALONE)
def test_what_can_be_understood_alone_is_left_alone(question: str) -> None:
    assert not refers_back(question)


@pytest.mark.parametrize("question", LEANING)
def test_what_leans_is_seen(question: str) -> None:
    assert refers_back(question)


@pytest.mark.parametrize("question", ["", "  ", "?", "…", "it", "那", "the the the"])
def test_whatever_is_asked_there_is_an_answer(question: str) -> None:
    refers_back(question)
    carried(question, question)


def test_terms_are_carried_once_in_brackets() -> None:
    earlier = "When was the Eiffel Tower built?"
    assert carried("Who built it?", earlier) == "Who built it? (Eiffel Tower)"
    assert carried("Why?", "Who built it? (Eiffel Tower)") == "Why? (built Eiffel Tower)"


def test_a_measure_goes_with_what_has_none_of_its_own() -> None:
    earlier = "How many dimensions does MiniLM have?"
    assert carried("And bge-m3?", earlier) == "And bge-m3? (How many dimensions MiniLM)"
    assert carried("How old is it?", earlier) == "How old is it? (dimensions MiniLM)"


def test_what_takes_the_place_of_another_drives_it_out() -> None:
    assert carried("And in Paris?", "How many people live in Berlin?") == (
        "And in Paris? (How many people live)"
    )
    assert carried("And Paris?", "How large is Berlin?") == "And Paris? (How large)"
    assert carried("巴黎呢？", "柏林的人口是多少？") == "巴黎呢？ (人口 多少)"


def test_a_person_asked_for_is_the_answer() -> None:
    said = "It was designed by Gustave Eiffel and his engineers [1]."
    asked = carried("When was he born?", "Who designed the tower in Paris?", said)
    assert asked.endswith("Gustave Eiffel)")
    assert "Gustave" not in carried("When was it built?", "Who designed the tower?", said)


def test_no_more_is_carried_than_a_question_holds() -> None:
    earlier = " ".join(f"word{n}" for n in range(40))
    assert len(carried("Why?", earlier).split()) == 1 + MAX_CARRIED


def test_languages_without_rules_are_known() -> None:
    assert is_readable("how long is it?") and is_readable("电池呢？")
    assert not is_readable("und für Akkus?")
