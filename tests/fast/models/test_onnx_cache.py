"""An export in the cache is believed when it is what was written, and only then."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from ragcli.config import spare_cache_folder
from ragcli.embedding.folder import ModelFolder
from ragcli.models import Unfit, hashes, onnx_cache
from ragcli.models.onnx_cache import GRAPH, WEIGHTS


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFolder:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tmp").mkdir()
    return ModelFolder(tmp_path, "w" * 64, "c" * 64, (), True, 384, 256, "mean", {})


def written(folder: Path, **facts: object) -> None:
    """What the export leaves behind."""
    (folder / GRAPH).write_bytes(b"graph")
    (folder / WEIGHTS).write_bytes(b"weights")
    manifest = {
        "inputs": ["input_ids"],
        "pad_id": 0,
        "precision": "fp32",
        "probe": [1.0, 0.0],
        "agreement_mean": 1.0,
        "agreement_worst": 1.0,
        "files": onnx_cache.described(folder),
        **facts,
    }
    onnx_cache.write_manifest(folder, manifest)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders that an export was made in, without a model."""
    folders: list[Path] = []

    def export(model: ModelFolder, precision: str, fresh: Path) -> None:
        folders.append(fresh)
        written(fresh)

    monkeypatch.setattr(onnx_cache, "_export", export)
    return folders


def test_it_is_made_once(model: ModelFolder, made: list[Path]) -> None:
    first = onnx_cache.ensure(model, "fp32")
    assert onnx_cache.ensure(model, "fp32") == first
    assert len(made) == 1
    assert onnx_cache.exports(model, "fp32") == [first.folder]
    assert onnx_cache.exports(model, "int8") == []
    assert first.folder.parent.parent.name == "ragcli"


@pytest.mark.parametrize("file", [GRAPH, WEIGHTS])
@pytest.mark.parametrize("damage", ["gone", "shorter", "other"])
def test_what_is_not_as_it_was_written_is_made_again(
    model: ModelFolder, made: list[Path], file: str, damage: str
) -> None:
    path = onnx_cache.ensure(model, "fp32").folder / file
    if damage == "gone":
        path.unlink()
    else:
        old = path.read_bytes()
        path.write_bytes(old[:-1] if damage == "shorter" else bytes(len(old)))
        os.utime(path, ns=(1, 1))
    assert onnx_cache.damage(path.parent) is not None
    assert onnx_cache.ensure(model, "fp32").folder == path.parent
    assert len(made) == 2
    assert onnx_cache.damage(path.parent) is None


def test_other_times_alone_are_noted(model: ModelFolder, made: list[Path]) -> None:
    folder = onnx_cache.ensure(model, "fp32").folder
    os.utime(folder / WEIGHTS, ns=(1, 1))
    onnx_cache.ensure(model, "fp32")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["files"][WEIGHTS]["mtime_ns"] == 1
    assert len(made) == 1


def test_a_model_that_cannot_be_exported_is_remembered(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(model: ModelFolder, precision: str, fresh: Path) -> None:
        onnx_cache.write_manifest(fresh, {"unfit": "its graph is odd"})

    monkeypatch.setattr(onnx_cache, "_export", export)
    for _ in range(2):
        with pytest.raises(Unfit, match="its graph is odd"):
            onnx_cache.ensure(model, "fp32")
        monkeypatch.setattr(onnx_cache, "_export", None)  # not called again


def test_an_export_that_dies_leaves_nothing(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def export(model: ModelFolder, precision: str, fresh: Path) -> None:
        (fresh / GRAPH).write_bytes(b"half")
        raise Unfit("it was ended by signal 9")

    monkeypatch.setattr(onnx_cache, "_export", export)
    with pytest.raises(Unfit, match="signal 9"):
        onnx_cache.ensure(model, "fp32")
    assert onnx_cache.exports(model, "fp32") == []


def test_a_cache_that_cannot_be_written_has_a_private_substitute(
    model: ModelFolder,
    made: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "no-folder").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-folder"))
    folder = onnx_cache.ensure(model, "fp32").folder
    assert folder.is_relative_to(spare_cache_folder())
    assert stat.S_IMODE(spare_cache_folder().stat().st_mode) == 0o700
    assert "cannot be written" in caplog.text
    # Found there by the next command, which has nothing to warn of.
    caplog.clear()
    assert onnx_cache.ensure(model, "fp32").folder == folder
    assert caplog.text == ""
    assert len(made) == 1


def test_a_substitute_that_is_open_to_others_is_refused(
    model: ModelFolder, made: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare_cache_folder().chmod(0o755)
    with pytest.raises(PermissionError, match="not a private folder"):
        spare_cache_folder()


def test_exports_that_nobody_uses_any_more_are_deleted(
    model: ModelFolder, made: list[Path]
) -> None:
    folder = onnx_cache.ensure(model, "fp32").folder
    old, recent = (folder.with_name(f"{folder.name}.{n}") for n in (1, 2))
    for other, at in ((old, 1), (recent, None)):
        other.mkdir()
        written(other)
        if at is not None:
            os.utime(other / "manifest.json", (at, at))
    onnx_cache.ensure(model, "fp32", anew=True)
    assert not old.exists()
    assert recent.exists() and folder.exists()


def test_a_changed_manifest_is_no_manifest(model: ModelFolder, made: list[Path]) -> None:
    """Each of its facts decides what is computed, and none is a file of which a hash is kept."""
    folder = onnx_cache.ensure(model, "fp32").folder
    manifest = folder / onnx_cache.MANIFEST
    whole = manifest.read_text(encoding="utf-8")
    manifest.write_text(whole.replace('"pad_id": 0', '"pad_id": 1'), encoding="utf-8")
    assert onnx_cache.find(folder) is None
    assert "other contents" in (onnx_cache.damage(folder) or "")
    assert onnx_cache.ensure(model, "fp32").pad_id == 0
    assert len(made) == 2 and onnx_cache.damage(folder) is None
    manifest.write_text(whole.replace("files", "f\ufffdles"), encoding="utf-8")
    assert onnx_cache.find(folder) is None


def test_a_remembered_hash_with_a_changed_letter_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "weights"
    file.write_bytes(b"weights")
    right = hashes.sha256_of(file)
    (note,) = (tmp_path / "cache").rglob("hashes/*")
    text = note.read_text(encoding="ascii")
    for damaged in ("g" + text[1:], text[1:], "\xff" + text[1:]):
        note.write_bytes(damaged.encode("latin-1"))
        assert hashes.sha256_of(file) == right


def test_every_flipped_byte_of_an_export_is_found(model: ModelFolder, made: list[Path]) -> None:
    """By what `rag doctor` compares: also where size and time are as they were."""
    folder = onnx_cache.ensure(model, "fp32").folder
    assert onnx_cache.damage(folder) is None
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for place in range(len(whole)):
            flipped = bytes([whole[place] ^ 1 << place % 8])
            path.write_bytes(whole[:place] + flipped + whole[place + 1 :])
            same = path.name == onnx_cache.MANIFEST and place == len(whole) - 1  # the line's end
            assert onnx_cache.damage(folder) or same, (path.name, place)
        path.write_bytes(whole)
    assert onnx_cache.damage(folder) is None
