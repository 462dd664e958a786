"""LangChain as its documentation teaches it: loader, recursive splitter, the FAISS vector store.

`again` is its indexing API: a record manager (SQLite) knows the hash of every piece, `full` cleanup
takes out what is gone. Building uses the same API, or there would be no records.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import faiss
import script
from langchain_classic.indexes import SQLRecordManager
from langchain_community.docstore.in_memory import InMemoryDocstore
from langchain_community.document_loaders import DirectoryLoader, TextLoader
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.indexing import index as synchronise
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
from script import CHARACTERS, Hit, Search


def _embedder(model: str) -> HuggingFaceEmbeddings:
    return HuggingFaceEmbeddings(
        model_name=model,
        model_kwargs={"device": "cpu"},
        encode_kwargs={"normalize_embeddings": True},
    )


def _documents(folder: Path) -> list[Document]:
    loader = DirectoryLoader(
        str(folder),
        glob=["**/*.md", "**/*.txt"],
        loader_cls=TextLoader,
        loader_kwargs={"encoding": "utf-8"},
    )
    splitter = RecursiveCharacterTextSplitter(chunk_size=CHARACTERS, chunk_overlap=0)
    return splitter.split_documents(loader.load())


def _open(index: Path, embedder: HuggingFaceEmbeddings) -> FAISS:
    # Its documents are a pickle: it wants to be told that the file is one's own.
    return FAISS.load_local(str(index), embedder, allow_dangerous_deserialization=True)


def _write(folder: Path, index: Path, store: FAISS) -> int:
    index.mkdir(parents=True, exist_ok=True)
    records = SQLRecordManager("faiss/docs", db_url=f"sqlite:///{index / 'records.sqlite'}")
    records.create_schema()
    synchronise(
        _documents(folder),
        records,
        store,
        cleanup="full",
        source_id_key="source",
        key_encoder="sha256",
    )
    store.save_local(str(index))
    return int(store.index.ntotal)


def build(folder: Path, index: Path, model: str) -> int:
    shutil.rmtree(index, ignore_errors=True)
    embedder = _embedder(model)
    flat = faiss.IndexFlatL2(len(embedder.embed_query("hello world")))
    return _write(folder, index, FAISS(embedder, flat, InMemoryDocstore(), {}))


def again(folder: Path, index: Path, model: str) -> int:
    return _write(folder, index, _open(index, _embedder(model)))


def load(index: Path, model: str) -> Search:
    store = _open(index, _embedder(model))

    def search(question: str, k: int) -> list[Hit]:
        found = store.similarity_search_with_score(question, k=k)
        return [Hit(score, d.metadata["source"], d.page_content) for d, score in found]

    return search


if __name__ == "__main__":
    script.main(build, again, load)
