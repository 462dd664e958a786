"""A model in a folder of this machine, whatever it computes: where it lies, its files and their
hashes, its tokenizer, and its ONNX export, made once and run.

The stages that run models of their own (embedding, reranking) share this; it knows neither.
"""

from __future__ import annotations

import logging

# What a user should know of how a model runs. The command line shows it as notes and warnings.
log = logging.getLogger("ragcli")


class Unfit(Exception):
    """An engine cannot run this model; the text says why, in a clause that begins in lower case."""
