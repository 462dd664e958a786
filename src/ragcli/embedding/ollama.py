"""Embeddings from a model that Ollama serves (``ollama:mxbai-embed-large``)."""

from __future__ import annotations

from ragcli.config import Settings
from ragcli.embedding.remote import RemoteEmbedder
from ragcli.errors import ProviderUnavailable
from ragcli.http import OllamaServer, cloud_of, context_length, model_name

# Where `/api/show` does not say: the limit of BERT and its kin, the shortest there is in use.
_USUAL_MAX_TOKENS = 512


class OllamaEmbedder(RemoteEmbedder):
    """``/api/embed``, told never to truncate. Shortened vectors are cut here (Matryoshka)."""

    def __init__(self, model: str, *, settings: Settings) -> None:
        super().__init__(model, settings=settings)
        self._server = OllamaServer(settings.ollama_host, settings.timeout_s)

    @property
    def _name(self) -> str:
        return f"ollama:{self._model}"

    def _request(self, texts: list[str]) -> list[list[float]]:
        return self._server.embed(self._model, texts)

    def _weights(self) -> str:
        """The digest: a tag that was pulled again is another model."""
        wanted = {self._model, f"{self._model}:latest"}
        for tag in self._server.tags():
            if model_name(tag) not in wanted or not tag.get("digest"):
                continue
            if cloud := cloud_of(self._model, tag):
                raise ProviderUnavailable(
                    f"Ollama hands `{self._model}` every text, to be embedded at {cloud}",
                    "choose a model that runs here",
                )
            return str(tag["digest"])
        raise ProviderUnavailable(
            f"Ollama's model `{self._model}` not found", f"ollama pull {self._model}"
        )

    def _max_tokens(self) -> int:
        return context_length(self._server.show(self._model)) or _USUAL_MAX_TOKENS
