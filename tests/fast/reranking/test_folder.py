"""Which folders hold a cross-encoder, and why the others do not. Nothing is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from ragcli.config import Settings
from ragcli.errors import ProviderUnavailable
from ragcli.models.locate import CROSS_ENCODERS, full_name
from ragcli.reranking.folder import ENTAILMENT, RERANKING, read_folder
from ragcli.reranking.reranker import CrossEncoderReranker

BERT = {
    "architectures": ["BertForSequenceClassification"],
    "model_type": "bert",
    "max_position_embeddings": 512,
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def made(folder: Path, head: str = "classifier.weight", labels: int = 1, **config: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({**BERT, **config}))
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 400}')
    (folder / "tokenizer.json").write_text("{}")
    save_file({head: np.zeros((labels, 8), np.float32)}, folder / "model.safetensors")
    return folder


@pytest.mark.parametrize(
    ("config", "head", "limit"),
    [
        ({}, "classifier.weight", 400),
        ({"max_position_embeddings": 128}, "classifier.weight", 128),
        (
            {
                "architectures": ["XLMRobertaForSequenceClassification"],
                "model_type": "xlm-roberta",
                "max_position_embeddings": 130,
            },
            "classifier.out_proj.weight",
            128,
        ),
        (
            {"architectures": ["ModernBertForSequenceClassification"], "model_type": "modernbert"},
            "classifier.weight",
            400,
        ),
    ],
)
def test_the_known_kinds(tmp_path: Path, config: dict[str, Any], head: str, limit: int) -> None:
    assert read_folder(made(tmp_path / "m", head, **config), RERANKING).max_tokens == limit


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"labels": 3}, "gives 3 scores a pair"),
        ({"head": "pooler.weight"}, "no last layer that scores"),
        ({"model_type": "deberta-v2"}, "of the kind `deberta-v2`; BERT, RoBERTa, XLM-R"),
        ({"architectures": ["BertModel"]}, "not a cross-encoder"),
        ({"architectures": None}, "not a cross-encoder"),
        ({"auto_map": {"AutoModel": "modeling.Own"}}, "code of its own, which is never run"),
    ],
)
def test_others_are_refused_with_a_reason(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ProviderUnavailable, match=reason):
        read_folder(made(tmp_path / "m", **changes), RERANKING)


LABELS = {"0": "CONTRADICTION", "1": "Neutral", "2": "entailment"}


def test_a_model_for_inference_says_which_score_is_which(tmp_path: Path) -> None:
    found = read_folder(made(tmp_path / "m", labels=3, id2label=LABELS), ENTAILMENT)
    assert found.labels == ("contradiction", "neutral", "entailment")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"labels": 1}, "cannot judge claims: it gives 1 scores a pair, not three"),
        ({"labels": 2, "id2label": {"0": "entailment", "1": "not_entailment"}}, "gives 2 scores"),
        ({"labels": 3}, "names none of its scores contradiction or entailment or neutral"),
        ({"labels": 3, "id2label": {**LABELS, "1": "other"}}, "none of its scores neutral"),
        ({"labels": 3, "id2label": LABELS, "model_type": "deberta-v2"}, "of the kind `deberta-v2`"),
    ],
)
def test_what_cannot_judge_claims_is_refused_with_a_reason(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ProviderUnavailable, match=reason) as caught:
        read_folder(made(tmp_path / "m", **changes), ENTAILMENT)
    assert "cross-encoder/nli-MiniLM2-L6-H768" in caught.value.hint


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "m")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ProviderUnavailable, match="not safetensors"):
        read_folder(folder, RERANKING)


def test_further_modules_and_prompts_are_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "m")
    modules = [{"type": "sentence_transformers.base.modules.transformer.Transformer", "path": ""}]
    (folder / "modules.json").write_text(json.dumps(modules))
    read_folder(folder, RERANKING)
    own = folder / "config_sentence_transformers.json"
    own.write_text('{"default_prompt_name": "query"}')
    with pytest.raises(ProviderUnavailable, match="prompt"):
        read_folder(folder, RERANKING)
    own.unlink()
    (folder / "modules.json").write_text(json.dumps([*modules, {"type": "a.Own", "path": "1"}]))
    with pytest.raises(ProviderUnavailable, match="not a cross-encoder"):
        read_folder(folder, RERANKING)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    folder = made(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(b"\xff" * 20)
    with pytest.raises(ProviderUnavailable, match="cannot read"):
        read_folder(folder, RERANKING)
    with pytest.raises(ProviderUnavailable, match="no model in it"):
        read_folder(tmp_path, RERANKING)


def test_another_weight_or_setting_is_another_reranker(tmp_path: Path) -> None:
    def fingerprint(folder: Path) -> str:
        return CrossEncoderReranker(str(folder), settings=Settings()).fingerprint

    one = made(tmp_path / "one")
    assert fingerprint(one) == fingerprint(made(tmp_path / "two"))
    assert fingerprint(one) != fingerprint(made(tmp_path / "three", hidden_act="relu"))
    save_file({"classifier.weight": np.ones((1, 8), np.float32)}, one / "model.safetensors")
    assert fingerprint(one) != fingerprint(tmp_path / "two")


def test_a_bare_name_is_one_of_the_hub_and_a_failed_fetch_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert full_name("ms-marco-L6", CROSS_ENCODERS) == "cross-encoder/ms-marco-L6"

    def offline(*args: object, **options: object) -> str:
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", offline)
    with (
        caplog.at_level("INFO", "ragcli"),
        pytest.raises(ProviderUnavailable, match=r"cross-encoder/none.*no network"),
    ):
        CrossEncoderReranker("none", settings=Settings())
    # Nothing is fetched without a word.
    assert "fetching it from the hub" in caplog.text


def test_no_pickled_weights_are_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def fetch(name: str, allow_patterns: list[str], **options: object) -> str:
        asked.append(allow_patterns)
        (tmp_path / "fetched").mkdir(exist_ok=True)
        (tmp_path / "fetched" / "config.json").write_text(json.dumps(BERT))
        return str(tmp_path / "fetched")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    with pytest.raises(ProviderUnavailable, match="not safetensors"):
        CrossEncoderReranker("old", settings=Settings())
    assert len(asked) == 1
    assert not any(pattern.endswith(".bin") for pattern in asked[0])
