"""sentence-transformers itself: what cannot be exported runs here, and every export is checked
against it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from ragcli.errors import ProviderUnavailable
from ragcli.models.loading import offline
from ragcli.reranking.engine import Pair
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

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        """The logit of each pair."""
        with self._one_at_a_time:
            return logits(self._model, [(pair.question, pair.text) for pair in pairs])


def logits(model: Any, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """What a loaded CrossEncoder gives, before any activation."""
    import torch

    given = model.predict(list(pairs), activation_fn=torch.nn.Identity(), show_progress_bar=False)
    return [float(x) for x in given]


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
    if limit < folder.max_tokens or model.config.num_labels != 1:
        raise ProviderUnavailable(
            f"the model takes {limit} tokens and gives {model.config.num_labels} scores, but its"
            f" configuration says {folder.max_tokens} and 1",
            "the folder is damaged; fetch the model again",
        )
    # A model stored in 16 bits would run slowly, and inexactly, on a CPU.
    return model.float()
