from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from model_registry.errors import ClusterError
from model_registry.locate import locate
from model_registry.transport import Transport

from .handles import Task, TaskInfo, failure_of
from .map_items import MapProgress, map_items
from .versions import check_versions

if TYPE_CHECKING:
    from distributed import Client

PREFIX = "/api/v1"
TASKS_PER_CALL = 1000


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _listed(values: Iterable[Any]) -> list[Any]:
    """Tasks as arguments become references: their results take their place, and the new task waits for them."""
    return [{"$task": value.id} if isinstance(value, Task) else value for value in values]


class Cluster:
    """The workers of one cluster.

    Without arguments it finds the cluster of this machine; ``url`` and ``key`` (or ``CLUSTER_AI_URL`` and ``CLUSTER_AI_API_KEY``) name
    another. It holds no connection. Every method raises ``ClusterError``, with a ``code``, a ``message`` and a ``hint``.
    """

    def __init__(self, url: str | None = None, key: str | None = None) -> None:
        self._url = url
        self._key = key

    def __repr__(self) -> str:
        return f"Cluster(url={self._url!r})"

    def submit_task(
        self,
        type: str,
        input: Mapping[str, Any],
        *,
        id: str | None = None,
        name: str | None = None,
        priority: int | None = None,
        retries: int | None = None,
        timeout_seconds: float | None = None,
        deadline_seconds: float | None = None,
        depends_on: Sequence[Task | str] = (),
        resources: Mapping[str, Any] | None = None,
    ) -> Task:
        """Hands in one task of any type (``ai_inference``, ``data_processing``, ``python``, ``javascript``, ``model``) with its input as
        the API has it. It is recorded before this returns; the same ``id`` again gives the first task.

        Raises ``compute_disabled``, ``resources_impossible``, ``function_not_found``, ``code_not_allowed``, ``invalid_request``.
        """
        after = [task.id if isinstance(task, Task) else task for task in depends_on]
        wanted = {
            "type": type,
            "input": dict(input),
            **_given(id=id, name=name, priority=priority, retries=retries, resources=resources),
            **_given(timeoutSeconds=timeout_seconds, deadlineSeconds=deadline_seconds, dependsOn=after or None),
        }
        return Task(str(self._transport().call("POST", "/tasks", wanted)["id"]), self._transport)

    def submit_tasks(self, tasks: Sequence[Mapping[str, Any]]) -> list[Task]:
        """Hands in many tasks, each as the API has it (``type``, ``input``, …): up to 10 000, all or none."""
        ids = self._transport().call("POST", "/tasks", {"tasks": [dict(task) for task in tasks]})["ids"]
        return [Task(str(id), self._transport) for id in ids]

    def submit(self, function: str | Callable[..., Any], *args: Any, task_options: Mapping[str, Any] | None = None, **kwargs: Any) -> Task:
        """Calls a registered function by its name on a worker. Tasks among the arguments stand for their results.

        A function itself is pickled (needs ``cloudpickle`` and the cluster's minor version of Python, which is checked before), and is
        taken only where an admin allowed code to your role: else ``code_not_allowed``. ``task_options`` are those of ``submit_task``.
        """
        call = {"args": _listed(args), "kwargs": dict(zip(kwargs, _listed(kwargs.values()), strict=True))}
        what = {"function": function} if isinstance(function, str) else self._pickle(function)
        return self.submit_task("python", {**what, **call}, **(task_options or {}))

    def map(
        self,
        function: str | Callable[..., Any],
        items: Iterable[Any],
        *args: Any,
        chunk_size: int | None = None,
        target_seconds: float = 0.1,
        name: str | None = None,
        progress: Callable[[MapProgress], None] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> list[Any]:
        """Calls a function (see ``submit``) for each item, and gives the results in their order.

        Items go in chunks that keep a worker busy for about ``target_seconds``, which is learned from the first ones. The first failure
        ends it with ``task_failed``; then, after ``timeout`` seconds, and when it is interrupted, what was handed in is cancelled.
        """
        what = {"function": function} if isinstance(function, str) else self._pickle(function)
        return map_items(
            self,
            {**what, "args": list(args), "kwargs": kwargs},
            list(items),
            name=name,
            chunk_size=chunk_size,
            target_seconds=target_seconds,
            progress=progress,
            timeout=timeout,
        )

    def gather(self, tasks: Iterable[Task], timeout: float | None = None) -> list[Any]:
        """The results of tasks in their order. Raises the first failure."""
        results = []
        for task in tasks:
            info = task.wait(timeout)
            if info.state != "done":
                raise failure_of(info)
            results.append(task.result())
        return results

    def task(self, id: str) -> Task:
        """A task that was handed in before, by its id."""
        return Task(id, self._transport)

    def list_tasks(self, *, state: str | None = None, type: str | None = None, name: str | None = None, limit: int = 100) -> list[TaskInfo]:
        """Newest first."""
        return list(islice(self.iterate_tasks(state=state, type=type, name=name, page=min(limit, TASKS_PER_CALL)), limit))

    def iterate_tasks(self, *, page: int = 100, **query: str | None) -> Iterator[TaskInfo]:
        """Newest first, as many as there are; the next page is asked for when it is needed."""
        cursor: str | None = None
        while True:
            answer = self._transport().call("GET", "/tasks", query={**query, "limit": page, "cursor": cursor})
            yield from (TaskInfo.read(task) for task in answer["tasks"])
            cursor = answer["next"]
            if cursor is None:
                return

    def functions(self) -> list[dict[str, Any]]:
        """The functions that tasks may call by name, with the JSON Schema of what they take."""
        return list(self._transport().call("GET", "/tasks/functions")["functions"])

    def status(self) -> dict[str, Any]:
        """What runs of compute, and why not where it does not: as ``GET /api/v1/compute`` answers."""
        return dict(self._transport().call("GET", "/compute"))

    def store_bundle(self, source: str) -> str:
        """Keeps the text of a JavaScript module for tasks of the type ``javascript``, and gives its digest."""
        return str(self._transport().call("POST", "/tasks/bundles", {"source": source})["digest"])

    def dask(self, **options: Any) -> Client:
        """A plain ``dask.distributed.Client`` of the cluster's scheduler; ``options`` are its own.

        Fetches a certificate that lasts some hours, which needs the right ``compute:connect`` (admins have it): whoever holds one can run
        anything on every worker. Raises ``python_mismatch`` before anything is pickled when Python, dask, distributed or cloudpickle are
        other ones here, ``forbidden``, ``compute_disabled``.
        """
        from .dask_client import connect

        return connect(self._transport().call("POST", "/compute/connect", {}), options)

    def _pickle(self, function: Callable[..., Any]) -> dict[str, Any]:
        versions = self.status()["versions"]
        if versions is None:
            raise ClusterError("compute_unavailable", "The compute cluster is not ready.", "See `cluster-ai compute status`.")
        check_versions(versions, ("python", "cloudpickle"))
        import cloudpickle  # type: ignore[import-untyped,unused-ignore]

        pickled = base64.b64encode(cloudpickle.dumps(function)).decode()
        return {"pickle": pickled, "pythonVersion": ".".join(versions["python"].split(".")[:2])}

    def _transport(self) -> Transport:
        # found anew each time: a cluster that restarted may have another port, and always has another credential
        return Transport(locate(self._url, self._key), PREFIX)
