"""What a project from elsewhere may not do before it is trusted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from fakes.ollama_server import FakeOllama
from fakes.project import write
from fakes.reading import InProcessReader

from ragcli import Rag
from ragcli.errors import ProjectUntrusted
from ragcli.trust import Trust

REMOTE = "https://models.example.com/v1"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that was made here."""
    monkeypatch.setattr("ragcli.reading.worker.ReaderPool", InProcessReader)
    home = tmp_path / "made"
    write(home / "docs/guide.md", "The warranty runs for 24 months.\n")
    with Rag.create(home, model="fake:64") as rag:
        rag.ingest([home / "docs"])
    return home


@pytest.fixture
def brought(made: Path, tmp_path: Path) -> Path:
    """The same, as it comes in an archive from somebody else."""
    return Path(shutil.copytree(made, tmp_path / "brought"))


def test_a_project_that_was_made_here_is_trusted(made: Path, brought: Path) -> None:
    assert Trust(made).given and not Trust(brought).given
    with Rag.open(made) as rag:
        assert rag.query("warranty").passages


def test_a_provider_is_not_chosen_by_a_folder_from_elsewhere(brought: Path) -> None:
    with Rag.open(brought) as rag:
        assert rag.query("warranty", mode="keyword").passages, "words need no model"
        with pytest.raises(ProjectUntrusted, match="chooses the provider of `fake:64`") as caught:
            rag.query("warranty")
    assert "rag config trust" in caught.value.hint
    Trust(brought).give()
    with Rag.open(brought) as rag:
        assert rag.query("warranty").passages


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (f'generator = "openai:m"\nopenai_base_url = "{REMOTE}"\n', f"sends to {REMOTE}"),
        ('generator = "openai:m"\n', "chooses `openai:m`, which sends to https://api.openai.com"),
        ('generator = "ollama:m"\nollama_host = "10.1.2.3"\n', "sends to 10.1.2.3"),
        ('generator = "ollama:big:671b-cloud"\n', "in its cloud"),
        ('generator = "elsewhere:m"\n', "chooses the provider of `elsewhere:m`"),
    ],
)
def test_nothing_is_sent_for_a_folder_from_elsewhere(
    brought: Path, config: str, reason: str
) -> None:
    write(brought / ".rag/config.toml", config)
    with Rag.open(brought, environ={**os.environ, "OPENAI_API_KEY": "sk-mine"}) as rag:
        found = rag.query("warranty", mode="keyword")
        with pytest.raises(ProjectUntrusted) as caught:
            list(rag.answer_from(found, allow_weak=True))
    assert reason in caught.value.message and "nothing was sent" in caught.value.message


def test_a_model_is_not_downloaded_for_a_folder_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / ".rag").mkdir()
    names = {"model": "somebody/else", "reranker": "a/more", "entailment_model": "a/third"}
    lines = "".join(f'{setting} = "{name}"\n' for setting, name in names.items())
    write(tmp_path / ".rag/config.toml", lines)
    with Rag.open(tmp_path) as rag:
        Rag.create(tmp_path)
        with pytest.raises(ProjectUntrusted, match="`somebody/else` downloaded"):
            _ = rag.embedder
        with pytest.raises(ProjectUntrusted, match="`a/more` downloaded"):
            _ = rag.reranker
        with pytest.raises(ProjectUntrusted, match="`a/third` downloaded"):
            _ = rag.entailment_model


def test_what_the_user_names_needs_no_trust(brought: Path) -> None:
    with Rag.open(brought, generator="openai:m", openai_base_url=REMOTE) as rag:
        assert rag.generator.name == "openai:m"
    with FakeOllama() as fake:
        write(brought / ".rag/config.toml", f'ollama_host = "{fake.host}"\n')
        with Rag.open(brought, generator="ollama:tiny") as rag:
            assert rag.generator.name == "ollama:tiny"


def test_a_model_that_the_user_names_is_not_asked_at_a_host_that_the_project_names(
    brought: Path,
) -> None:
    write(brought / ".rag/config.toml", f'openai_base_url = "{REMOTE}"\n')
    with Rag.open(brought, generator="openai:m") as rag, pytest.raises(ProjectUntrusted):
        _ = rag.generator
    with Rag.open(brought, environ={**os.environ, "RAG_MODEL": "openai:m"}) as rag:
        with pytest.raises(ProjectUntrusted, match=f"sends to {REMOTE}"):
            rag.reembed("openai:m")
        with pytest.raises(ProjectUntrusted, match=f"sends to {REMOTE}"):
            rag.consent("openai:m", here=False)
    with Rag.open(brought) as rag, pytest.raises(ProjectUntrusted, match="the provider of"):
        rag.reembed()


def test_a_key_goes_to_no_host_that_a_project_names(made: Path) -> None:
    environ = {**os.environ, "OPENAI_API_KEY": "sk-mine"}
    with Rag.open(made, environ=environ) as rag:
        assert rag.settings.openai_api_key == "sk-mine"
    write(made / ".rag/config.toml", f'openai_base_url = "{REMOTE}"\n')
    with Rag.open(made, environ=environ) as rag:
        assert rag.settings.openai_api_key is None
    with Rag.open(made, environ=environ, openai_base_url=REMOTE) as rag:
        assert rag.settings.openai_api_key == "sk-mine"


def test_a_project_of_another_user_is_refused(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = (made / ".rag").stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ProjectUntrusted, match="belongs to another user"):
        Rag.open(made)


def test_the_list_stays_short_and_a_name_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("ragcli.trust.MANY_PROJECTS", 3)
    kept = tmp_path / "kept"
    kept.mkdir()
    for root in (kept, tmp_path / f"gone\n{tmp_path}/sly", tmp_path / "gone too"):
        Trust(root).give()
    assert Trust(kept).given and not Trust(tmp_path / "sly").given
    Trust(tmp_path / "new").give()
    assert Trust(kept).given and Trust(tmp_path / "new").given
    assert not Trust(tmp_path / "gone too").given
