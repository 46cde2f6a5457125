"""Uses the official Ollama client as anybody would, and prints what it saw as one JSON object."""

from __future__ import annotations

import json
import sys
from typing import Any

from ollama import Client, ResponseError

QUESTION = {"role": "user", "content": "What is the capital of Brazil?"}
COLD = {"temperature": 0}


def get_weather(city: str, days: int) -> str:
    """The weather of a city.

    Args:
        city: Its name.
        days: How many days ahead.
    """
    return f"{city}: 31 degrees, sunny"


def models(client: Client) -> Any:
    return {model.model: model.details.family if model.details else None for model in client.list().models}


def show(client: Client) -> Any:
    shown = client.show("starter")
    return {"architecture": (shown.modelinfo or {})["general.architecture"], "capabilities": shown.capabilities}


def chat(client: Client) -> Any:
    answer = client.chat("starter", messages=[QUESTION], options=COLD)
    return {"text": answer.message.content, "reason": answer.done_reason, "tokens": answer.eval_count}


def stream(client: Client) -> Any:
    parts = list(client.chat("starter", messages=[QUESTION], options=COLD, stream=True))
    return {"text": "".join(part.message.content or "" for part in parts), "parts": len(parts), "done": parts[-1].done}


def generate(client: Client) -> Any:
    return client.generate("starter", "What is the capital of Japan?", options=COLD).response


def schema(client: Client) -> Any:
    shape = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "maximum": 150}},
        "required": ["name", "age"],
    }
    asked = {"role": "user", "content": "Give me a JSON object with name Ana and age 30."}
    return json.loads(client.chat("starter", messages=[asked], options=COLD, format=shape).message.content or "")


def tools(client: Client) -> Any:
    messages: list[Any] = [{"role": "user", "content": "What is the weather in Recife?"}]
    first = client.chat("scripted", messages=messages, tools=[get_weather])
    call = (first.message.tool_calls or [])[0]
    result = get_weather(**call.function.arguments)
    messages += [first.message, {"role": "tool", "tool_name": call.function.name, "content": result}]
    return {"call": call.function.name, "text": client.chat("scripted", messages=messages, tools=[get_weather]).message.content}


def embeddings(client: Client) -> Any:
    new = client.embed("starter", input=["the capital of Brazil", "another"]).embeddings
    old = client.embeddings("starter", "the capital of Brazil").embedding
    return {"count": len(new), "length": len(new[0]), "old": len(old)}


def running(client: Client) -> Any:
    loaded = client.generate("starter", keep_alive="10m")
    entries = [model for model in client.ps().models if model.name == "starter:latest"]
    return {"reason": loaded.done_reason, "count": len(entries), "expires": str(entries[0].expires_at)}


def abort(client: Client) -> Any:
    heard = 0
    for _ in range(3):
        for part in client.chat("slow", messages=[QUESTION], stream=True):
            if part.message.content:
                heard += 1
                break
    return heard


def errors(client: Client) -> Any:
    seen: dict[str, Any] = {}
    for name, model, text in [("unknown", "nobody", "hi"), ("too_long", "starter", "word " * 5000)]:
        try:
            client.chat(model, messages=[{"role": "user", "content": text}])
        except ResponseError as error:
            seen[name] = {"status": error.status_code, "error": error.error}
    return seen


def main() -> None:
    client = Client(host=sys.argv[1], timeout=60)
    cases = [models, show, chat, stream, generate, schema, tools, embeddings, running, abort, errors]
    print(json.dumps({case.__name__: case(client) for case in cases}))


main()
