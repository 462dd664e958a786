"""sentence-transformers itself: loads any model, slowly (its import alone takes seconds).

What cannot be exported runs here, and every export is checked against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from ragcli.embedding.engine import Tokenized
from ragcli.embedding.folder import ModelFolder
from ragcli.errors import ProviderUnavailable
from ragcli.models.loading import offline

if TYPE_CHECKING:
    from ragcli.domain import Matrix

# sentence-transformers' own default on a CPU, where larger batches only pad more; a GPU is idle
# below some hundreds of texts.
_BATCH_TEXTS = {"cpu": 32, "cuda": 256}


class TorchEngine:
    """``device`` is ``cpu`` or ``cuda``."""

    name = "torch"
    lanes = 1  # torch uses all cores itself

    def __init__(self, folder: ModelFolder, device: str, threads: int) -> None:
        """Raises ProviderUnavailable."""
        self._batch_texts = _BATCH_TEXTS[device]
        self._model = load_model(folder, device)
        # A tokenizer of the library's own may not be lent to two threads at once.
        self._one_at_a_time = Lock()
        import torch

        torch.set_num_threads(threads)

    def encode(self, texts: Sequence[Tokenized]) -> Matrix:
        """(len(texts), dimension); the texts of one call have one prompt."""
        with self._one_at_a_time:
            vectors: Matrix = self._model.encode(
                [one.text for one in texts],
                # An empty one too: None would let a default of the model's come in.
                prompt=texts[0].prompt,
                batch_size=self._batch_texts,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return vectors


def load_model(folder: ModelFolder, device: str = "cpu") -> Any:
    """The SentenceTransformer in a complete folder, in float32. Raises ProviderUnavailable."""
    with offline(folder.path):
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(
            str(folder.path),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": folder.has_safetensors},
        )
    _check_limits(model, folder)
    # A model stored in 16 bits would run slowly, and inexactly, on a CPU.
    return model.float()


def _check_limits(model: Any, folder: ModelFolder) -> None:
    """What was read from the configuration must be what was loaded, or texts would be cut."""
    limit = model.get_max_seq_length()
    dimension = model.get_embedding_dimension()
    wrong_limit = limit is not None and limit < folder.max_tokens
    if wrong_limit or dimension != folder.dimension:
        raise ProviderUnavailable(
            f"the model takes {limit} tokens and gives {dimension} dimensions, but its"
            f" configuration says {folder.max_tokens} and {folder.dimension}",
            "the folder is damaged; fetch the model again",
        )
