"""Prompts of models whose own configuration does not state them.

Asymmetric models were trained with a text before each question, or each document; without it
they find less. Each row is from the model's own page; `models/known.toml` holds the same, and a
test holds both together. A server that runs a model does not tell its prompts, nor put them in.
"""

from __future__ import annotations

from collections.abc import Mapping

_BGE_EN = "Represent this sentence for searching relevant passages: "
_BGE_ZH = "为这个句子生成表示以用于检索相关文章："

_INSTRUCT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\n"

# (part of the model's name, query prompt, document prompt); the first that matches counts.
_KNOWN = (
    ("multilingual-e5-large-instruct", f"{_INSTRUCT}Query: ", ""),
    ("e5-", "query: ", "passage: "),
    ("bge-small-en", _BGE_EN, ""),
    ("bge-base-en", _BGE_EN, ""),
    ("bge-large-en", _BGE_EN, ""),
    ("bge-small-zh", _BGE_ZH, ""),
    ("bge-base-zh", _BGE_ZH, ""),
    ("bge-large-zh", _BGE_ZH, ""),
    ("bge-large", _BGE_EN, ""),  # Ollama's name of the English one
    ("mxbai-embed-large", _BGE_EN, ""),
    ("nomic-embed-text", "search_query: ", "search_document: "),
    ("qwen3-embedding", f"{_INSTRUCT}Query:", ""),
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
)


def prompts_for(
    name: str, stated: Mapping[str, str], query: str | None, document: str | None
) -> tuple[str, str]:
    """(query prompt, document prompt): the user's, else the model's own, else the known ones."""
    known = next((row[1:] for row in _KNOWN if row[0] in name.lower()), ("", ""))
    own_query = next((stated[k] for k in ("query", "search_query") if k in stated), known[0])
    own_document = next(
        (stated[k] for k in ("document", "passage", "search_document") if k in stated), known[1]
    )
    return (
        own_query if query is None else query,
        own_document if document is None else document,
    )
