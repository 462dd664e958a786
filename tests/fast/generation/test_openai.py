"""The OpenAI-compatible generator against scripted answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fakes.openai_server import FakeOpenAI, Reply, delta
from fakes.passages import passage

from ragcli.config import Settings
from ragcli.errors import AnswerVoid, ProviderUnavailable
from ragcli.generation.openai import OpenAIGenerator
from ragcli.generation.prompt import build_prompt

PROMPT = build_prompt("Why?", [passage("So.")], context_tokens=4096, answer_tokens=256)
GOOD = Reply(events=(delta("It "), delta("runs [1]."), delta("", "stop"), "[DONE]"))


def error(status: int, message: str, **facts: str) -> Reply:
    return Reply(status, {"error": {"message": message, **facts}})


def run(replies: list[Reply], *, key: str | None = "k") -> tuple[list[str], list[str], FakeOpenAI]:
    pieces: list[str] = []
    warnings: list[str] = []
    with FakeOpenAI(replies) as fake:
        settings = Settings(openai_base_url=fake.base_url + "/", openai_api_key=key, timeout_s=5)
        generator = OpenAIGenerator("m", settings=settings)
        for piece in generator.stream(PROMPT, warnings.append):
            pieces.append(piece)  # noqa: PERF402 (what came before a failure must stay)
    return pieces, warnings, fake


def test_an_answer_streams_with_the_key() -> None:
    pieces, warnings, fake = run([GOOD])
    assert (pieces, warnings) == (["It ", "runs [1]."], [])
    ((path, body, key),) = fake.requests
    assert (path, key) == ("/v1/chat/completions", "Bearer k")
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("m", 256, 0)


def test_no_key_no_header() -> None:
    assert run([GOOD], key=None)[2].requests[0][2] is None


def test_an_answer_that_reached_its_limit_says_so() -> None:
    assert run([Reply(events=(delta("It", "length"), "[DONE]"))])[1] == [
        "the answer stops at its limit of 256 tokens"
    ]


def test_parameters_that_a_model_refuses_are_replaced() -> None:
    refusals = [
        error(400, "Unsupported parameter", code="unsupported_parameter", param="max_tokens"),
        error(400, "Unsupported value", code="unsupported_value", param="temperature"),
    ]
    pieces, _, fake = run([*refusals, GOOD])
    assert "".join(pieces) == "It runs [1]."
    body = fake.requests[-1][1]
    assert body["max_completion_tokens"] == 256
    assert not {"max_tokens", "temperature"} & body.keys()


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "property 'chat_template_kwargs' is unsupported"),
        Reply(
            422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "chat_template_kwargs"]}]}
        ),
    ],
)
def test_a_word_on_thinking_that_a_server_does_not_know_is_left_out(refusal: Reply) -> None:
    pieces, _, fake = run([refusal, GOOD])
    assert "".join(pieces) == "It runs [1]."
    assert [("chat_template_kwargs" in body) for _, body, _ in fake.requests] == [True, False]


@pytest.mark.parametrize(
    ("reply", "message", "hint"),
    [
        (error(401, "bad key"), "refused the key", "OPENAI_API_KEY"),
        (error(403, "no"), "refused the key", "OPENAI_API_KEY"),
        (error(404, "no such model"), "model `m` not found", "openai_base_url"),
        (error(429, "slow down"), "slow down", "wait"),
        (error(400, "too many", code="context_length_exceeded"), "does not fit", "context_tokens"),
        (error(400, "x", type="exceed_context_size_error"), "does not fit", "context_tokens"),
        (error(400, "bad", param="messages"), "bad", "log"),
        (Reply(500, "broken"), "broken", "log"),
        (
            Reply(307, "", headers={"Location": "http://x.invalid/"}),
            "not followed",
            "final address",
        ),
        (Reply(events=("nonsense",)), "cannot be read", "right address"),
    ],
)
def test_failures_before_the_answer(reply: Reply, message: str, hint: str) -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        run([reply])
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "events",
    [(delta("It "), json.dumps({"error": {"message": "out of memory"}})), (delta("It "),)],
)
def test_failures_in_mid_stream_keep_what_came(events: tuple[str, ...]) -> None:
    pieces: list[str] = []
    with FakeOpenAI([Reply(events=events)]) as fake:
        generator = OpenAIGenerator("m", settings=Settings(openai_base_url=fake.base_url))
        with pytest.raises(ProviderUnavailable):
            for piece in generator.stream(PROMPT, lambda _: None):
                pieces.append(piece)  # noqa: PERF402 (what came before the failure must stay)
    assert pieces == ["It "]


def thinks(**fields: str) -> str:
    choice = {"index": 0, "delta": fields, "finish_reason": None}
    return json.dumps({"choices": [choice]})


END = (delta("", "stop"), "[DONE]")


@pytest.mark.parametrize(
    "events",
    [
        (thinks(reasoning_content="Hm, "), thinks(reasoning_content="24."), delta("It runs.")),
        (thinks(reasoning="Hm, 24."), delta("It runs.")),
        (delta("<think>Hm, "), delta("24.</think>\n\nIt runs.")),
        (delta(" <th"), delta("ink>Hm, 24.</"), delta("think>"), delta("\nIt"), delta(" runs.")),
    ],
)
@pytest.mark.parametrize("wanted", [True, False])
def test_thoughts_are_no_answer(events: tuple[str, ...], wanted: bool) -> None:
    thoughts: list[str] = []
    with FakeOpenAI([Reply(events=(*events, *END))]) as fake:
        settings = Settings(openai_base_url=fake.base_url, think="high" if wanted else "off")
        writer = OpenAIGenerator("m", settings=settings)
        told = thoughts.append if wanted else None
        assert "".join(writer.stream(PROMPT, lambda _: None, told)) == "It runs."
        body = fake.requests[0][1]
    assert "".join(thoughts) == ("Hm, 24." if wanted else "")
    assert body["chat_template_kwargs"] == {"enable_thinking": wanted}
    assert body.get("reasoning_effort") == ("high" if wanted else None)


def test_what_only_looks_like_a_thought_is_the_answer() -> None:
    events = (delta("It is <thin and a < b, <"), *END)
    assert "".join(run([Reply(events=events)])[0]) == "It is <thin and a < b, <"


def test_thoughts_that_end_without_a_beginning_are_told() -> None:
    with pytest.raises(ProviderUnavailable, match="thinks as its answer") as caught:
        run([Reply(events=(delta("Hm.</think>It runs."), *END))])
    assert "--reasoning" in caught.value.hint


def test_openai_is_sent_what_it_knows() -> None:
    writer = OpenAIGenerator("m", settings=Settings(openai_api_key="k"))
    assert "chat_template_kwargs" not in writer._request(PROMPT, think=False)


def test_an_answer_that_follows_a_schema() -> None:
    schema = {"type": "object"}
    with FakeOpenAI([GOOD]) as fake:
        writer = OpenAIGenerator("m", settings=Settings(openai_base_url=fake.base_url))
        list(writer.stream(replace(PROMPT, schema=schema), lambda _: None))
        asked = fake.requests[0][1]["response_format"]
    assert (asked["type"], asked["json_schema"]["schema"]) == ("json_schema", schema)


def test_a_limit_by_the_minute_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("ragcli.http.sleep", waited.append)
    later = Reply(429, {"error": {"message": "slow down"}}, headers={"Retry-After": "2"})
    assert run([later, later, GOOD])[0] == ["It ", "runs [1]."]
    assert waited == [2.0, 2.0]


def test_where_a_prompt_goes() -> None:
    for url, hosts in (("http://127.0.0.1:1/v1", []), ("http://gpu:8000/v1", ["gpu:8000"])):
        settings = Settings(openai_base_url=url)
        assert list(OpenAIGenerator("m", settings=settings).sends_to()) == hosts


def test_nothing_is_sent_to_openai_without_a_key() -> None:
    with pytest.raises(ProviderUnavailable, match="needs a key"):
        list(OpenAIGenerator("m", settings=Settings()).stream(PROMPT, lambda _: None))


def usage(tokens: int) -> str:
    return json.dumps({"choices": [], "usage": {"prompt_tokens": tokens, "completion_tokens": 3}})


def test_a_prompt_that_was_cut_is_an_error_not_an_answer() -> None:
    answer = (delta("It runs [1]."), delta("", "stop"))
    assert run([Reply(events=(*answer, usage(PROMPT.size_tokens), "[DONE]"))])[0] == [
        "It runs [1]."
    ]
    with pytest.raises(AnswerVoid, match="it read 40 tokens"):
        run([Reply(events=(*answer, usage(40), "[DONE]"))])


@pytest.mark.parametrize("counted", ["0", "null", '"40"', "[]"])
def test_a_server_that_did_not_count_is_believed(counted: str) -> None:
    odd = (f'{{"choices": [], "usage": {{"prompt_tokens": {counted}}}}}', '{"usage": []}')
    assert run([Reply(events=(*GOOD.events[:-1], *odd, "[DONE]"))])[0] == ["It ", "runs [1]."]


def test_the_server_is_asked_to_count_and_one_that_cannot_is_believed() -> None:
    refusal = error(400, "Unknown parameter", code="unknown", param="stream_options")
    pieces, _, fake = run([refusal, GOOD])
    assert "".join(pieces) == "It runs [1]."
    assert fake.requests[0][1]["stream_options"] == {"include_usage": True}
    assert "stream_options" not in fake.requests[1][1]


# ------------------------------------------------------------------ what it holds

VLLM = {"data": [{"id": "other", "max_model_len": 512}, {"id": "m", "max_model_len": 2048}]}
LLAMA = {"data": [{"id": "/models/tiny.gguf", "meta": {"n_ctx": 1024, "n_ctx_train": 4096}}]}


@pytest.mark.parametrize(
    ("models", "held"),
    [
        (VLLM, 2048),
        (LLAMA, 1024),
        ({"data": [{"id": "m", "object": "model"}]}, 8192),  # LM Studio does not say
        ({"data": [{"id": "a", "max_model_len": 512}, {"id": "b", "max_model_len": 512}]}, 8192),
        ({"data": [{"id": "m", "max_model_len": "long"}]}, 8192),
        ({"data": ["m"]}, 8192),
        ({}, 8192),
        (None, 8192),  # 404
    ],
)
def test_the_servers_own_context_counts_where_it_says_one(models: object, held: int) -> None:
    with FakeOpenAI([], models=models) as fake:
        settings = Settings(openai_base_url=fake.base_url, context_tokens=8192, timeout_s=5)
        generator = OpenAIGenerator("m", settings=settings)
        assert [generator.max_context_tokens, generator.max_context_tokens] == [held, held]
        assert fake.listed == 1


def test_openai_itself_is_not_asked_what_it_holds() -> None:
    own = Settings(openai_base_url="https://api.openai.com/v1", context_tokens=8192)
    assert OpenAIGenerator("m", settings=own).max_context_tokens == 8192  # there is no key
