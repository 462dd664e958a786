"""A token counter for models whose tokenizer is on a server."""

from __future__ import annotations

from collections.abc import Sequence

from ragcli.text.estimate import estimate_tokens


class EstimatingCounter:
    """Counts from above: see ``estimate_tokens`` for the bound and its reason.

    A chunk is smaller than it might be, and hardly ever too long; what is too long all the same
    the server refuses, and it is never cut.
    """

    def count(self, text: str) -> int:
        """Tokens that the text has at most."""
        return estimate_tokens(text)

    def token_ends(self, text: str) -> Sequence[int] | None:
        """A bound knows no tokens."""
        return None
