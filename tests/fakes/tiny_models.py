"""Tiny models with random weights, of each kind that is embedded with: right in shape and
plumbing, worthless as embeddings. They are built in a second and load without a network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from ragcli.models.reference_texts import LONG, SHORT

TEXTS = [*SHORT, *LONG]
DIMENSION = 32
VOCABULARY = 600
MAX_TOKENS = 512
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": DIMENSION,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    # Large, so that other tokens, positions or masks give other vectors.
    "initializer_range": 0.5,
}


def word_pieces() -> Tokenizer:
    """As BERT's and MPNet's: [CLS] and [SEP] around the text, [UNK] for what is unknown."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    # The Han characters stay unknown.
    pieces = _pieces(tokenizer, [t for t in TEXTS if t.isascii()], "##")
    ids = {piece: number for number, piece in enumerate([*special, *pieces])}
    tokenizer.model = models.WordPiece(ids, unk_token="[UNK]")
    tokenizer.add_special_tokens(special)
    _surround(tokenizer, "[CLS]", "[SEP]")
    return tokenizer


def byte_pairs(start: str | None, end: str) -> Tokenizer:
    """As ModernBERT's (both ends) and Qwen3's (an end token alone): bytes, nothing unknown."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<pad>", *([start] if start else []), end]
    tokenizer.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    _surround(tokenizer, start, end)
    return tokenizer


def unigrams() -> Tokenizer:
    """As XLM-R's: <s>, <pad>, </s> and <unk> are 0 to 3, so that padding is not zero."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    # Where all weigh the same, a word is read in as few pieces as can be.
    scored = [(piece, -1.0) for piece in [*special, *_pieces(tokenizer, TEXTS, "")]]
    tokenizer.model = models.Unigram(scored, unk_id=special.index("<unk>"))
    tokenizer.add_special_tokens(special)
    _surround(tokenizer, "<s>", "</s>")
    return tokenizer


def _pieces(tokenizer: Tokenizer, texts: list[str], inside: str) -> list[str]:
    """The letters of the texts, every second word and the halves of the others. ``inside`` marks
    what continues a word. What is trained differs from process to process; this does not."""
    normalizer, splitter = tokenizer.normalizer, tokenizer.pre_tokenizer
    plain = [normalizer.normalize_str(text) if normalizer else text for text in texts]
    words = {word for text in plain for word, _ in splitter.pre_tokenize_str(text)}
    pieces = {piece for word in words for piece in (word[0], *(inside + c for c in word[1:]))}
    for number, word in enumerate(sorted(words)):
        half = len(word) // 2
        pieces |= {word} if number % 2 or not half else {word[:half], inside + word[half:]}
    return sorted(pieces)


def _surround(tokenizer: Tokenizer, start: str | None, end: str) -> None:
    names = [n for n in (start, end) if n]
    single = " ".join([*([start] if start else []), "$A", end])
    # As the real ones join two texts: RoBERTa's kin put two ends between them, BERT alone numbers
    # the second text's tokens 1.
    pairs = {"[SEP]": f"{single} $B:1 [SEP]:1", "</s>": f"{single} </s> $B </s>"}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=single,
        pair=pairs.get(end, f"{single} $B {end}"),
        special_tokens=[(n, tokenizer.token_to_id(n)) for n in names],
    )


def transformer(folder: Path, kind: str, pooling: str = "mean", **pooling_options: Any) -> Path:
    """A sentence-transformers folder of this kind: bert, xlm-roberta, mpnet, modernbert, qwen3."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer

    plain = _plain(folder / "plain", kind, "Model")
    layer = Transformer(str(plain), max_seq_length=MAX_TOKENS)
    pool = Pooling(DIMENSION, pooling_mode=pooling, **pooling_options)
    model = SentenceTransformer(modules=[layer, pool, Normalize()], device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"


def cross_encoder(folder: Path, kind: str, labels: Sequence[str] = ("score",)) -> Path:
    """A plain transformers folder of a cross-encoder: bert, xlm-roberta, modernbert, mpnet; with
    these names for its scores."""
    return _plain(folder, kind, "ForSequenceClassification", id2label=dict(enumerate(labels)))


def _plain(folder: Path, kind: str, head: str, **settings: Any) -> Path:
    import torch
    import transformers

    torch.manual_seed(len(kind))
    # (name of its classes, tokenizer, settings that differ)
    makers: dict[str, Any] = {
        "bert": ("Bert", word_pieces, {}),
        "mpnet": ("MPNet", word_pieces, {}),
        "xlm-roberta": (
            "XLMRoberta",
            unigrams,
            {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
        ),
        "modernbert": (
            "ModernBert",
            lambda: byte_pairs("<cls>", "<sep>"),
            {
                "pad_token_id": 0,
                "cls_token_id": 1,
                "sep_token_id": 2,
                "bos_token_id": 1,
                "eos_token_id": 2,
                "local_attention": 16,
                "global_attn_every_n_layers": 2,
            },
        ),
        "qwen3": (
            "Qwen3",
            lambda: byte_pairs(None, "<end>"),
            {"num_key_value_heads": 2, "head_dim": 8, "pad_token_id": 0, "eos_token_id": 1},
        ),
    }
    name, make_tokenizer, extra = makers[kind]
    tokenizer = make_tokenizer()
    # RoBERTa-like models keep two positions for padding.
    positions = MAX_TOKENS + (2 if kind in ("xlm-roberta", "mpnet") else 0)
    config = getattr(transformers, f"{name}Config")(
        **{**SHAPE, "max_position_embeddings": positions, **extra, **settings}
    )
    config.vocab_size = tokenizer.get_vocab_size()
    getattr(transformers, f"{name}{head}")(config).eval().save_pretrained(folder)
    names = {"[UNK]": "unk", "<unk>": "unk", "[PAD]": "pad", "<pad>": "pad", "[CLS]": "cls"}
    names |= {"<s>": "cls", "<cls>": "cls", "[SEP]": "sep", "</s>": "sep", "<sep>": "sep"}
    special: dict[str, Any] = {
        f"{role}_token": token
        for token, role in {**names, "<end>": "eos", "[MASK]": "mask"}.items()
        if tokenizer.token_to_id(token) is not None
    }
    if kind == "bert" and head != "Model":
        special["model_input_names"] = ["input_ids", "token_type_ids", "attention_mask"]
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=MAX_TOKENS, **special
    ).save_pretrained(folder)
    return folder


def static(folder: Path) -> Path:
    """A StaticEmbedding of sentence-transformers."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding

    tokenizer = word_pieces()
    table = np.random.default_rng(7).normal(size=(tokenizer.get_vocab_size(), DIMENSION))
    module = StaticEmbedding(tokenizer, embedding_weights=table.astype(np.float32))
    SentenceTransformer(modules=[module], device="cpu").save(str(folder))
    return folder


def model2vec(folder: Path) -> Path:
    """What model2vec saves: fewer rows than tokens, a mapping, a weight for each token."""
    from safetensors.numpy import save_file

    folder.mkdir()
    tokenizer = word_pieces()
    tokenizer.save(str(folder / "tokenizer.json"))
    size, random = tokenizer.get_vocab_size(), np.random.default_rng(8)
    save_file(
        {
            "embeddings": random.normal(size=(50, DIMENSION)).astype(np.float16),
            "mapping": random.integers(0, 50, size=size),
            "weights": random.uniform(0.5, 2, size=size).astype(np.float32),
        },
        folder / "model.safetensors",
    )
    modules = [("StaticEmbedding", "."), ("Normalize", "1_Normalize")]
    stated = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
        for i, (name, path) in enumerate(modules)
    ]
    (folder / "modules.json").write_text(json.dumps(stated))
    (folder / "config.json").write_text('{"model_type": "model2vec", "normalize": true}')
    return folder
