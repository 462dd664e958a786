"""The prompt of a question, for people: what a model would be sent."""

from __future__ import annotations

from ragcli.cli import shapes
from ragcli.cli.output import Output, show_safely
from ragcli.cli.show_answer import declined
from ragcli.cli.wording import count
from ragcli.domain import Prompt
from ragcli.recipes.prompting import PreparedPrompt


def show_prepared(prepared: PreparedPrompt, output: Output) -> None:
    """Each message under its role, or that none would be sent."""
    if output.json:
        output.object(shapes.prompt(prepared))
        return
    if prepared.prompt is None:
        found = prepared.found
        declined(found.passages, found.confidence, prepared.declined, output)
    else:
        _messages(prepared.prompt, output)
    for warning in prepared.warnings:
        output.warn(warning)
    if prepared.prompt is not None:
        output.note(_size(prepared.generator, prepared.prompt))


def _messages(prompt: Prompt, output: Output) -> None:
    for number, message in enumerate(prompt.messages):
        text = show_safely(message.text) if output.out_is_terminal else message.text
        output.line(f"{chr(10) if number else ''}--- {message.role} ---\n{text}")


def _size(generator: str, prompt: Prompt) -> str:
    size = (
        f"{count(len(prompt.passages), 'passage')}, at most {prompt.size_tokens:,} tokens; of"
        f" {prompt.context_tokens:,} the answer has {prompt.answer_tokens:,}"
    )
    if generator == "extractive":
        return f"{size}. extractive asks no model: this is what one would be sent"
    return f"{size}. For {generator}, which was not asked"
