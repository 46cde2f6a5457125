"""Uses the official OpenAI client as anybody would, and prints what it saw as one JSON object."""

from __future__ import annotations

import json
import sys
from typing import Any

import openai
from openai import OpenAI

QUESTION: Any = {"role": "user", "content": "What is the capital of Brazil?"}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "maxLength": 20},
                "days": {"type": "integer", "minimum": 1, "maximum": 9},
            },
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}


def failure(error: openai.APIStatusError) -> dict[str, Any]:
    return {"type": type(error).__name__, "status": error.status_code, "code": error.code, "param": error.param}


def chat(client: OpenAI) -> Any:
    answer = client.chat.completions.create(model="starter", temperature=0, messages=[QUESTION])
    choice = answer.choices[0]
    assert answer.usage is not None
    return {
        "text": choice.message.content,
        "finish": choice.finish_reason,
        "tokens": answer.usage.completion_tokens,
        "request": answer._request_id,
    }


def stream(client: OpenAI) -> Any:
    chunks = list(
        client.chat.completions.create(
            model="starter",
            temperature=0,
            messages=[QUESTION],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return {"text": text, "chunks": len(chunks), "tokens": chunks[-1].usage.completion_tokens if chunks[-1].usage else 0}


def schema(client: OpenAI) -> Any:
    answer = client.chat.completions.create(
        model="starter",
        temperature=0,
        messages=[{"role": "user", "content": "Give me a JSON object with name Ana and age 30."}],
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": "person",
                "strict": True,
                "schema": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "maxLength": 20},
                        "age": {"type": "integer", "minimum": 0, "maximum": 150},
                    },
                    "required": ["name", "age"],
                    "additionalProperties": False,
                },
            },
        },
    )
    return json.loads(answer.choices[0].message.content or "")


def forced_tool(client: OpenAI) -> Any:
    answer = client.chat.completions.create(
        model="starter",
        temperature=0,
        messages=[{"role": "user", "content": "How is the weather in Recife?"}],
        tools=[WEATHER],
        tool_choice="required",
    )
    call: Any = (answer.choices[0].message.tool_calls or [])[0]
    return {"name": call.function.name, "keys": sorted(json.loads(call.function.arguments))}


def own_tool(client: OpenAI) -> Any:
    messages: list[Any] = [{"role": "user", "content": "What is the weather in Recife?"}]
    first = client.chat.completions.create(model="scripted", messages=messages, tools=[WEATHER])
    call: Any = (first.choices[0].message.tool_calls or [])[0]
    messages += [first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "31 degrees, sunny"}]
    second = client.chat.completions.create(model="scripted", messages=messages, tools=[WEATHER])
    return {"arguments": json.loads(call.function.arguments), "text": second.choices[0].message.content}


def embeddings(client: OpenAI) -> Any:
    packed = client.embeddings.create(model="starter", input=["the capital of Brazil"])
    plain = client.embeddings.create(model="starter", input=["the capital of Brazil"], encoding_format="float")
    pairs = zip(packed.data[0].embedding, plain.data[0].embedding, strict=True)
    return {"length": len(packed.data[0].embedding), "difference": max(abs(a - b) for a, b in pairs)}


def abort(client: OpenAI) -> Any:
    heard = 0
    for _ in range(3):
        with client.chat.completions.create(model="slow", messages=[QUESTION], stream=True) as chunks:
            for chunk in chunks:
                if chunk.choices[0].delta.content:
                    heard += 1
                    break
    return heard


def errors(client: OpenAI) -> Any:
    seen: dict[str, Any] = {}
    try:
        client.chat.completions.create(model="nobody", messages=[QUESTION])
    except openai.NotFoundError as error:
        seen["unknown"] = failure(error)
    try:
        client.chat.completions.create(model="starter", messages=[{"role": "user", "content": "word " * 5000}])
    except openai.BadRequestError as error:
        seen["too_long"] = failure(error)
    return seen


def main() -> None:
    client = OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="unused", max_retries=0, timeout=60)
    cases = [chat, stream, schema, forced_tool, own_tool, embeddings, abort, errors]
    print(json.dumps({"models": [model.id for model in client.models.list()], **{case.__name__: case(client) for case in cases}}))


main()
