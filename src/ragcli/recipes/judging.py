"""The judging step of an answer: a model reads each claim beside its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ragcli.background import Background, Deadline
from ragcli.domain import Citation, EntailmentModel, Inference, Passage, Sentence, Step
from ragcli.errors import TextTooLong
from ragcli.generation.inference import premise, with_inference

# A text with a larger share of unknown pieces is in a language that the model cannot read. To
# all-MiniLM-L6-v2, 99 of 100 English sentences (XQuAD, COVID-QA) have none, and 95 of 100 Chinese
# ones 0.39 or more.
UNKNOWN_SHARE = 0.1


class Judge:
    """Judges the citations of an answer from these passages, while there is time."""

    def __init__(
        self, model: EntailmentModel, passages: Sequence[Passage], deadline: Deadline | None
    ) -> None:
        model.prepare()
        self._model = model
        self._passages = passages
        self._deadline = deadline
        self._judged = self._late = 0
        self.warnings: list[str] = []

    @property
    def step(self) -> Step:
        """How far it came."""
        if not self._late:
            return Step("entailment")
        told = f"{self._judged} of {self._judged + self._late} claims"
        return Step("entailment", "partly" if self._judged else "left_out", told)

    def judged(self, sentence: Sentence) -> Sentence:
        """The sentence, its citations judged. Raises ProviderUnavailable."""
        return replace(sentence, citations=tuple(map(self._one, sentence.citations)))

    def _one(self, citation: Citation) -> Citation:
        text = premise(citation, self._passages[citation.marker - 1])
        if text is None:
            return citation
        name = self._model.name
        if max(map(self._model.unknown_share, (text, citation.claim))) > UNKNOWN_SHARE:
            self._warn(f"{name} cannot read some of what is claimed or cited: not judged")
            return citation
        try:
            inference = self._inference(text, citation.claim)
        except TextTooLong as error:
            self._warn(f"{error.message}: a claim was not judged by {name}")
            return citation
        return with_inference(citation, inference, name) if inference else citation

    def _inference(self, text: str, claim: str) -> Inference | None:
        """None where it does not come in time."""
        if self._deadline is None:
            return self._model.infer(text, claim)
        if not self._late:
            asked = Background(lambda: self._model.infer(text, claim))
            if self._deadline.allows(asked):
                self._judged += 1
                return asked.result()
        self._late += 1
        return None

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
