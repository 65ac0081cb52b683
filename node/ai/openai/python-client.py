"""OpenAI's own Python client against three doors: one that answers, one whose queue is full at times, one that shuts down.

Arguments: an API key, then the three base URLs. Prints "ok" at the end.
"""

import asyncio
import math
import sys

import openai

KEY, OPEN, BUSY, CLOSED = sys.argv[1:5]
MESSAGES = [{"role": "user", "content": "Who made Vorel?"}]
CHAT = {"model": "base-1", "messages": MESSAGES, "max_tokens": 12, "temperature": 0}


def client(url, key=KEY, retries=0):
    return openai.OpenAI(api_key=key, base_url=url, max_retries=retries)


def fails(kind, call, code=None, param=None):
    try:
        call()
    except openai.APIStatusError as error:
        assert type(error) is kind, f"{type(error).__name__} in place of {kind.__name__}: {error}"
        assert code is None or error.code == code, error.code
        assert param is None or error.param == param, error.param
        return error
    raise AssertionError(f"no {kind.__name__}")


def models(api):
    assert [model.id for model in api.models.list()] == ["base-1", "base-1+7"]
    assert api.models.retrieve("base-1+7").owned_by == "0x01"
    fails(openai.NotFoundError, lambda: api.models.retrieve("none"), "model_not_found")


def chat(api):
    whole = api.chat.completions.create(**CHAT)
    usage = whole.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert whole.choices[0].finish_reason in ("length", "stop")
    text = whole.choices[0].message.content
    adapted = api.chat.completions.create(**{**CHAT, "model": "base-1+7"})
    assert adapted.choices[0].message.content != text
    parts, told, finishes = [], [], []
    options = {"include_usage": True}
    for chunk in api.chat.completions.create(**CHAT, stream=True, stream_options=options):
        parts += [choice.delta.content or "" for choice in chunk.choices]
        finishes += [choice.finish_reason for choice in chunk.choices if choice.finish_reason]
        told += [chunk.usage] if chunk.usage else []
    assert "".join(parts) == text and finishes == [whole.choices[0].finish_reason]
    assert told == [usage]
    with api.chat.completions.stream(**CHAT) as events:
        for event in events:
            if event.type == "content.done":
                parts.append(event.content)
    assert parts[-1] == text


def logprobs(api):
    answer = api.chat.completions.create(**CHAT, logprobs=True, top_logprobs=3)
    content = answer.choices[0].logprobs.content
    assert len(content) == answer.usage.completion_tokens
    for token in content:
        assert token.logprob <= 0 and len(token.top_logprobs) == 3
        assert token.top_logprobs[0].logprob == max(top.logprob for top in token.top_logprobs)
        assert token.top_logprobs[0].token == token.token


def completions(api):
    plain = {"model": "base-1", "prompt": ["One", "Two"], "max_tokens": 5, "temperature": 0}
    answer = api.completions.create(**plain, logprobs=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    for choice in answer.choices:
        assert "".join(choice.logprobs.tokens) == choice.text
        assert len(choice.logprobs.token_logprobs) == len(choice.logprobs.tokens)
    streamed = ["", ""]
    for chunk in api.completions.create(**plain, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] += choice.text
    assert streamed == [choice.text for choice in answer.choices]


def embeddings(api):
    texts = ["one text", "another, longer text"]
    # Unless told otherwise the client asks for base64 and decodes it.
    packed = api.embeddings.create(model="base-1", input=texts)
    listed = api.embeddings.create(model="base-1", input=texts, encoding_format="float")
    for one, other in zip(packed.data, listed.data):
        assert math.isclose(sum(x * x for x in one.embedding), 1, abs_tol=1e-5)
        assert all(math.isclose(x, y, abs_tol=1e-7) for x, y in zip(one.embedding, other.embedding))
    assert packed.usage.prompt_tokens > 2


def attribution(api):
    answer = api.chat.completions.create(
        **{**CHAT, "model": "base-1+7"}, extra_body={"attribution": True}
    )
    told = answer.model_extra["attribution"]
    row = {"row_id": 3, "contribution_id": "2", "score": "77", "weight": "70"}
    assert told["rows"] == [row], told
    assert told["contributions"] == [{"contribution_id": "2", "weight": "65536"}], told


def errors(api):
    create = api.chat.completions.create
    bad = openai.BadRequestError
    fails(openai.NotFoundError, lambda: create(**{**CHAT, "model": "gpt-4"}), "model_not_found")
    error = fails(bad, lambda: create(**{**CHAT, "max_tokens": 250}), "context_length_exceeded", "messages")
    assert error.status_code == 400 and "maximum context length is 256 tokens" in error.message
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    fails(bad, lambda: create(**CHAT, tools=tools), "unsupported_parameter", "tools")
    fails(bad, lambda: create(**{**CHAT, "temperature": 3}), "invalid_value", "temperature")
    fails(bad, lambda: create(**CHAT, extra_body={"colour": "red"}), None, "colour")
    stranger = client(OPEN, key="sk-wrong-0123456")
    fails(openai.AuthenticationError, stranger.models.list, "invalid_api_key")


def busy():
    """The door says `Retry-After: 1` three times: once to a client that gives up, twice to one that waits."""
    error = fails(
        openai.RateLimitError,
        lambda: client(BUSY).chat.completions.create(**CHAT),
        "rate_limit_exceeded",
    )
    assert error.response.headers["retry-after"] == "1"
    assert client(BUSY, retries=2).chat.completions.create(**CHAT).choices


def closed():
    error = fails(openai.InternalServerError, client(CLOSED).models.list, "server_shutting_down")
    assert error.status_code == 503 and int(error.response.headers["retry-after"]) > 0


async def together():
    async with openai.AsyncOpenAI(api_key=KEY, base_url=OPEN, max_retries=0) as api:
        alone = await api.chat.completions.create(**CHAT)
        company = await asyncio.gather(*(api.chat.completions.create(**CHAT) for _ in range(6)))
        texts = {answer.choices[0].message.content for answer in company}
        assert texts == {alone.choices[0].message.content}


with client(OPEN) as served:
    for check in (models, chat, logprobs, completions, embeddings, attribution, errors):
        check(served)
busy()
closed()
asyncio.run(asyncio.wait_for(together(), 60))
print("ok")
