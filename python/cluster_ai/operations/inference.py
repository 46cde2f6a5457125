"""Tasks of the type ``ai_inference``: prompts for a model of the cluster, asked through its gateway with the rights of the owner."""

from __future__ import annotations

from typing import Any

from ..tasks.failure import TaskFailure
from ..tasks.running import Run
from .gateway import Gateway, ask_all, wait_unless
from .prompts import TEXTS_AT_ONCE, fill, from_answer, to_requests


def infer(run: Run) -> Any:
    """A text (or a vector) for ``prompt``; for ``prompts``, or rows with a template, a list of them in the same order."""
    prompts = prompts_of(run)
    results = ask_model(run, run.input["model"], run.input.get("kind") or "generate", prompts, run.input.get("options") or {})
    return results[0] if run.input.get("prompt") is not None else results


def prompts_of(run: Run) -> list[str]:
    wanted = run.input
    given = [name for name in ("prompt", "prompts", "rows") if wanted.get(name) is not None]
    if len(given) != 1:
        raise TaskFailure("invalid_input", "A task of inference has exactly one of prompt, prompts and rows.")
    if given == ["rows"]:
        return _from_rows(run)
    return [wanted["prompt"]] if given == ["prompt"] else list(wanted["prompts"])


def _from_rows(run: Run) -> list[str]:
    from .sources import read_rows

    template = run.input.get("template")
    if not template:
        raise TaskFailure("invalid_input", "Rows need a template that says what is asked of each.", 'Such as "Summarise: {text}".')
    return [fill(template, row) for row in read_rows(run, run.input["rows"])]


def ask_model(run: Run, model: str, kind: str, prompts: list[str], options: dict[str, Any]) -> list[Any]:
    grant = run.spec.get("grant")
    if grant is None:
        raise TaskFailure("forbidden", "The task has no right to ask the cluster.", "Hand it in again as somebody who may use the model.")
    gateway = Gateway(grant, wait_unless(run.is_stopped, run.check))
    requests = to_requests(kind, model, prompts, options)
    each = TEXTS_AT_ONCE if kind == "embed" else 1

    def done(count: int) -> None:
        run.check()
        run.reporter.progress(count / len(requests), f"{min(count * each, len(prompts))} of {len(prompts)}")

    with run.stoppable(gateway.close):
        try:
            answers = ask_all(gateway, requests, done)
        except TaskFailure:
            run.check()  # a stop looks like a lost connection from inside
            raise
    return [result for answer in answers if isinstance(answer, dict) for result in from_answer(kind, answer)]
