"""Embeddings from an OpenAI-compatible endpoint (``openai:text-embedding-3-small``)."""

from __future__ import annotations

from typing import Any

from ragcli.config import Settings
from ragcli.embedding.remote import RemoteEmbedder
from ragcli.errors import ProviderUnavailable
from ragcli.http import describe_error, openai_refusal, openai_server

# OpenAI's own models (its embeddings guide); for any other, the limit of BERT and its kin, the
# shortest there is in use: the protocol has no question for it.
_MAX_TOKENS = {"text-embedding-3-": 8191, "text-embedding-ada-002": 8191}
_USUAL_MAX_TOKENS = 512


class OpenAIEmbedder(RemoteEmbedder):
    """``/embeddings``. ``dimensions`` is asked of the server, which knows its model."""

    def __init__(self, model: str, *, settings: Settings) -> None:
        super().__init__(model, settings=settings)
        self._base_url = settings.openai_base_url.rstrip("/")
        self._key = settings.openai_api_key
        self._timeout_s = settings.timeout_s

    @property
    def _name(self) -> str:
        return f"openai:{self._model}"

    def _weights(self) -> str:
        return self._name

    def _max_tokens(self) -> int:
        known = (n for name, n in _MAX_TOKENS.items() if self._model.startswith(name))
        return next(known, _USUAL_MAX_TOKENS)

    def _request(self, texts: list[str]) -> list[list[float]]:
        body: dict[str, Any] = {"model": self._model, "input": texts, "encoding_format": "float"}
        if self._dimensions:
            body["dimensions"] = self._dimensions
        server = openai_server(self._base_url, self._key, self._timeout_s)
        with server.ask("POST", "/embeddings", body) as reply:
            if reply.status != 200:
                said = describe_error(reply.error())
                raise openai_refusal(self._base_url, self._model, reply.status, said)
            data = reply.object().get("data")
        try:
            ordered = sorted(data or [], key=lambda item: item["index"])
            indices = [item["index"] for item in ordered]
            rows = [item["embedding"] for item in ordered]
        except (TypeError, KeyError) as error:
            raise _unreadable(self._base_url) from error
        if indices != list(range(len(indices))):
            raise _unreadable(self._base_url)
        return rows


def _unreadable(base_url: str) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"{base_url} answered embeddings that cannot be told apart", "is this the right address?"
    )
