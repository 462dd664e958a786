"""LlamaIndex as its documentation teaches it: directory reader, vector index, storage context.

Its splitter counts tokens: 256, what the model reads (its default of 1,024 would be cut silently).
`again` is `refresh_ref_docs`: documents have the file's name as id, unchanged ones are skipped.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import script
from llama_index.core import (
    Document,
    Settings,
    SimpleDirectoryReader,
    StorageContext,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from script import Hit, Search

TOKENS = 256


def _configure(model: str) -> None:
    Settings.embed_model = HuggingFaceEmbedding(model_name=model, device="cpu")
    Settings.chunk_size = TOKENS
    Settings.chunk_overlap = 0


def _documents(folder: Path) -> list[Document]:
    reader = SimpleDirectoryReader(
        str(folder), recursive=True, required_exts=[".md", ".txt"], filename_as_id=True
    )
    return reader.load_data()


def _open(index: Path) -> VectorStoreIndex:
    return load_index_from_storage(StorageContext.from_defaults(persist_dir=str(index)))


def _keep(made: VectorStoreIndex, index: Path) -> int:
    made.storage_context.persist(persist_dir=str(index))
    return len(made.docstore.docs)


def build(folder: Path, index: Path, model: str) -> int:
    _configure(model)
    shutil.rmtree(index, ignore_errors=True)
    made = VectorStoreIndex.from_documents(_documents(folder))
    return _keep(made, index)


def again(folder: Path, index: Path, model: str) -> int:
    _configure(model)
    kept = _open(index)
    kept.refresh_ref_docs(_documents(folder))
    return _keep(kept, index)


def load(index: Path, model: str) -> Search:
    _configure(model)
    kept = _open(index)

    def search(question: str, k: int) -> list[Hit]:
        found = kept.as_retriever(similarity_top_k=k).retrieve(question)
        return [Hit(n.score or 0.0, n.metadata["file_path"], n.get_content()) for n in found]

    return search


if __name__ == "__main__":
    script.main(build, again, load)
