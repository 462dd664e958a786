"""sentence-transformers itself: what cannot be exported runs here, and every export is checked
against it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from ragcli.errors import ProviderUnavailable
from ragcli.models.loading import offline
from ragcli.reranking.engine import Logits, Pair
from ragcli.reranking.folder import CrossEncoderFolder


class TorchEngine:
    """On the CPU: torch and CUDA take longer to start than a question's candidates to score."""

    name = "torch"

    def __init__(self, folder: CrossEncoderFolder, threads: int) -> None:
        """Raises ProviderUnavailable."""
        self._model = load_model(folder)
        # A tokenizer of the library's own may not be lent to two threads at once.
        self._one_at_a_time = Lock()
        import torch

        torch.set_num_threads(threads)

    def logits(self, pairs: Sequence[Pair]) -> list[Logits]:
        """Those of each pair."""
        with self._one_at_a_time:
            return logits(self._model, [(pair.first, pair.second) for pair in pairs])


def logits(model: Any, pairs: Sequence[tuple[str, str]]) -> list[Logits]:
    """What a loaded CrossEncoder gives, before any activation."""
    import torch

    given = model.predict(list(pairs), activation_fn=torch.nn.Identity(), show_progress_bar=False)
    return [tuple(map(float, row)) for row in given.reshape(len(pairs), -1)]


def load_model(folder: CrossEncoderFolder) -> Any:
    """The CrossEncoder in a complete folder, in float32. Raises ProviderUnavailable."""
    with offline(folder.path):
        from sentence_transformers import CrossEncoder

        model = CrossEncoder(
            str(folder.path),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    # What was read from the configuration must be what was loaded, or texts would be cut.
    limit = model.tokenizer.model_max_length
    scores = model.config.num_labels
    if limit < folder.max_tokens or scores != len(folder.labels):
        raise ProviderUnavailable(
            f"the model takes {limit} tokens and gives {scores} scores, but its files say"
            f" {folder.max_tokens} and {len(folder.labels)}",
            "the folder is damaged; fetch the model again",
        )
    # A model stored in 16 bits would run slowly, and inexactly, on a CPU.
    return model.float()
