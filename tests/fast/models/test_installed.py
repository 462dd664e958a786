"""What is found of models on this machine: in a hub's cache and in folders, by small files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragcli.models import installed as module
from ragcli.models.installed import NEEDS_CODE, installed
from ragcli.models.locate import packaged


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(module, "packaged", lambda: None)
    return tmp_path / "hub"


def fetched(hub: Path, name: str, config: dict[str, object], **files: object) -> Path:
    """As the hub's client lays it out."""
    repository = hub / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("abc")
    snapshot = repository / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    return model(snapshot, config, **files)


def model(folder: Path, config: dict[str, object], **files: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(b"\0" * 1000)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


MODULES = [{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]
CROSS = {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}}


def test_embedders_and_rerankers_are_told_apart_and_others_left_out(hub: Path) -> None:
    fetched(hub, "b/embeds", {}, modules=MODULES)
    fetched(hub, "a/scores", CROSS)
    fetched(hub, "c/writes", {"architectures": ["LlamaForCausalLM"]})
    fetched(hub, "d/moods", {**CROSS, "id2label": {"0": "sad", "1": "glad"}})
    fetched(hub, "BAAI/bge-m3", {"architectures": ["XLMRobertaModel"]})  # known by its name
    found, notes = installed([])
    assert [(one.name, one.role, one.where) for one in found] == [
        ("a/scores", "reranker", "hub"),
        ("b/embeds", "embedder", "hub"),
        ("BAAI/bge-m3", "embedder", "hub"),
    ]
    assert notes == [] and all(one.size_bytes > 1000 for one in found)


def test_a_download_that_was_interrupted_is_not_there(hub: Path) -> None:
    (fetched(hub, "b/embeds", {}, modules=MODULES) / "model.safetensors").unlink()
    assert installed([]) == ([], [])


def test_what_asks_for_code_of_its_own_says_so(hub: Path) -> None:
    fetched(hub, "b/embeds", {"auto_map": {"AutoModel": "x.Y"}}, modules=MODULES)
    assert [one.obstacle for one in installed([])[0]] == [NEEDS_CODE]


def test_folders_of_the_settings(hub: Path, tmp_path: Path) -> None:
    own = model(tmp_path / "own", {}, modules=MODULES)
    (found,), _ = installed([str(own), str(own), "BAAI/bge-m3", "off"])
    assert (found.name, found.where, found.folder) == (str(own), "folder", own.resolve())


def test_a_damaged_folder_is_told(hub: Path) -> None:
    folder = fetched(hub, "b/embeds", {}, modules=MODULES)
    (folder / "modules.json").write_text("{")
    found, notes = installed([])
    assert found == [] and "modules.json" in notes[0]


def test_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "packaged", packaged)
    folder = packaged()
    found, _ = installed([])
    assert [(one.where, one.folder) for one in found] == ([("package", folder)] if folder else [])
