"""A language model of random weights, small enough to be written in a moment.

It knows nothing, but llama.cpp loads it, tokenises with it (byte-level BPE), applies its ChatML
template and streams real tokens from it.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

CHAT_ML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    # Only where it is asked, as Qwen 3's template does: `--jinja` servers hand the word on.
    "{% if enable_thinking is defined %}<think>\n{% if not enable_thinking %}\n</think>\n\n"
    "{% endif %}{% endif %}{% endif %}"
)
CONTEXT_TOKENS, WIDTH, HEADS, LAYERS, FEED_FORWARD = 4096, 64, 4, 2, 128


def write_tiny_model(path: Path) -> None:
    """Write the model; the same weights every time."""
    # One merge: llama.cpp refuses a vocabulary without any.
    tokens = [*_byte_letters(), "th", "<|im_start|>", "<|im_end|>"]
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([normal] * 257 + [control] * 2)
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(258)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_ML)
    for name, shape in _shapes(len(tokens)).items():
        weights = np.random.default_rng(len(name)).normal(0, 0.3, shape)
        writer.add_tensor(name, np.ones(shape, np.float32) if len(shape) == 1 else _f32(weights))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _f32(weights: np.ndarray) -> np.ndarray:
    return weights.astype(np.float32)


def _shapes(vocabulary: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocabulary, WIDTH),
        "output_norm.weight": (WIDTH,),
        "output.weight": (vocabulary, WIDTH),
    }
    for n in range(LAYERS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            shapes[f"blk.{n}.{part}.weight"] = (WIDTH, WIDTH)
        for part in ("attn_norm", "ffn_norm"):
            shapes[f"blk.{n}.{part}.weight"] = (WIDTH,)
        for part in ("ffn_gate", "ffn_up"):
            shapes[f"blk.{n}.{part}.weight"] = (FEED_FORWARD, WIDTH)
        shapes[f"blk.{n}.ffn_down.weight"] = (WIDTH, FEED_FORWARD)
    return shapes


def _byte_letters() -> list[str]:
    """GPT-2's visible letter for each byte, in the order of its vocabulary."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [b for b in range(256) if b not in visible]
    return [chr(b) for b in visible] + [chr(256 + n) for n in range(len(hidden))]
