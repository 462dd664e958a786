"""A conversation: questions that may lean on those before them.

talk = Conversation(rag)  # or Conversation(rag, "contract"), which is kept and gone on with
talk.ask("how long is the warranty?")
print(talk.ask("and for batteries?").answer)
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ragcli.domain import Turn
from ragcli.rag import SEARCH_SHARE, Rag
from ragcli.recipes.ask import Piece, whole_answer
from ragcli.recipes.follow_up import Wording, self_contained

if TYPE_CHECKING:
    from ragcli.background import Deadline
    from ragcli.domain import Answer, QueryResult, Sentence


class Conversation:
    """Asks what ``Rag`` asks, in the same words. ``turns`` are those so far: of the session of this
    name, or of this object alone; ``last`` is the last answer. ``searched_for`` is told of a
    follow-up question what it was made to.

    Raises UsageError (no name for a session).
    """

    def __init__(
        self,
        rag: Rag,
        session: str | None = None,
        searched_for: Callable[[str], None] = lambda question: None,
    ) -> None:
        self.rag = rag
        self._session = session
        self._searched_for = searched_for
        self._wording = Wording("", "")
        self.last: Answer | None = None
        self.turns: list[Turn] = []
        if session is not None:
            from ragcli.recipes import sessions

            self.turns = sessions.begin(rag.folder, session)

    def ask(self, question: str, **options: Any) -> Answer:
        """As ``Rag.ask``."""
        return whole_answer(self.ask_stream(question, **options))

    def ask_stream(
        self,
        question: str,
        *,
        allow_weak: bool = False,
        thought: Callable[[str], None] | None = None,
        deadline: Deadline | None = None,
        **options: Any,
    ) -> Generator[Piece]:
        """As ``Rag.ask_stream``."""
        found = self.query(question, deadline=deadline, **options)
        told = {"allow_weak": allow_weak, "thought": thought, "deadline": deadline}
        yield from self.answer_from(found, **told)

    def query(
        self, question: str, *, deadline: Deadline | None = None, **options: Any
    ) -> QueryResult:
        """As ``Rag.query``, for the question as it can be understood alone. Where the terms that it
        took along lead to nothing, it is searched for as it was asked."""
        self.rag.prepare_generator()
        settings = self.rag.settings
        generator = lambda: self.rag.generator  # noqa: E731 - made only when it is asked
        wording = self_contained(question, self.turns, generator, settings.context_tokens, deadline)
        search = partial(self.rag.query, deadline=deadline and deadline.part(SEARCH_SHARE))
        found = search(wording.text, **options)
        if wording.by == "terms" and (found.weak or not found.passages):
            alone = search(question, **options)
            if alone.passages and not alone.weak:
                wording, found = Wording(question, question), alone
        self._wording = wording
        if wording.by != "asked":
            self._searched_for(wording.text)
        return found

    def answer_from(self, found: QueryResult, **options: Any) -> Generator[Piece]:
        """As ``Rag.answer_from``, from what ``query`` found last. The turn is kept, as far as it
        came."""
        wording = self._wording
        told = wording.text if wording.by != "asked" else None
        sentences: list[Sentence] = []
        answer = None
        try:
            for piece in self.rag.answer_from(found, turns=self.turns, **options):
                if piece.sentence is not None:
                    sentences.append(piece.sentence)
                if piece.answer is None:
                    yield piece
                else:
                    answer = replace(piece.answer, question=wording.asked, searched_for=told)
                    self.last = answer
                    yield Piece(answer=answer)
        finally:
            if answer is not None or sentences:
                self._keep(wording, sentences, answer)

    def _keep(self, wording: Wording, sentences: list[Sentence], answer: Answer | None) -> None:
        text = "".join(s.text for s in sentences) if answer is None else answer.answer
        citations = [c for s in sentences for c in s.citations]
        turn = Turn(
            question=wording.asked,
            searched=wording.text,
            answer=text,
            citations=tuple(citations) if answer is None else answer.citations,
            uncited=tuple(s.uncited for s in sentences if s.uncited),
            asked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self.turns.append(turn)
        if self._session is not None:
            from ragcli.recipes import sessions

            sessions.append(self.rag.folder, self._session, turn)
