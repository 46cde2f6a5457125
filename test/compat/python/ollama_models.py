"""Brings, makes and removes models with the official Ollama client, and prints what it saw as one JSON object."""

from __future__ import annotations

import json
import sys
from typing import Any

from ollama import Client, ResponseError

QUESTION = {"role": "user", "content": "What is the capital of Brazil?"}
COLD = {"temperature": 0}


def status_of(client: Client, model: str) -> int:
    """What `show` answers for a model."""
    try:
        client.show(model)
    except ResponseError as error:
        return error.status_code
    return 200


def pulled(client: Client, model: str) -> Any:
    lines = list(client.pull(model, insecure=True, stream=True))
    largest = max((line for line in lines if line.total), key=lambda line: (line.total or 0, line.completed or 0))
    return {"first": lines[0].status, "last": lines[-1].status, "total": largest.total, "completed": largest.completed}


def created(client: Client, base: str) -> Any:
    made = client.create("of-python", from_=base, system="Be brief.", parameters={"num_predict": 2, "temperature": 0})
    return {"status": made.status, "tokens": client.chat("of-python", messages=[QUESTION]).eval_count}


def main(url: str, upstream: str, authorization: str) -> None:
    client = Client(host=url, headers={"authorization": authorization})
    model = f"{upstream}/lab/python:1"
    seen: dict[str, Any] = {"shown_before": status_of(client, model)}
    seen["pulled"] = pulled(client, model)
    seen["chat"] = client.chat(model, messages=[QUESTION], options=COLD).message.content
    seen["created"] = created(client, model)
    copied = f"{upstream}/lab/copied:1"
    client.copy("of-python", copied)
    seen["pushed"] = client.push(copied, insecure=True).status
    for name in (copied, "of-python", model):
        client.delete(name)
    seen["removed"] = status_of(client, model)
    print(json.dumps(seen))


main(*sys.argv[1:])
