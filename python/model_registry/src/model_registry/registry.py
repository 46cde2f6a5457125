from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .cache import BlobCache, default_folder
from .errors import RegistryError
from .load import check_verdict, load
from .locate import locate
from .models import ModelInfo, ModelVersion
from .transport import Transport, path_of
from .upload import files_below, upload_file

PAGE = 200
OWN_METADATA = {
    "task": "task",
    "licence": "licence",
    "license": "licence",
    "languages": "languages",
    "parameter_count": "parameterCount",
}
"""What the registry has a field for; the rest is kept as free metrics."""


def _to_metadata(given: Mapping[str, Any]) -> dict[str, Any]:
    own = {OWN_METADATA[name]: value for name, value in given.items() if name in OWN_METADATA}
    free = {name: _plain(value) for name, value in given.items() if name not in OWN_METADATA}
    return {**own, **({"metrics": free} if free else {})}


def _plain(value: Any) -> str | int | float | bool | None:
    return value if value is None or isinstance(value, (str, int, float, bool)) else json.dumps(value, default=str)


class ModelRegistry:
    """The models of one cluster.

    Without arguments it finds the cluster of this machine; ``url`` and ``key`` (or ``CLUSTER_AI_URL`` and
    ``CLUSTER_AI_API_KEY``) name another. It holds no connection, so that it can be pickled into a task of Dask. A key that
    was given travels along; what was found by itself is found again where it arrives, and the owner's credential never
    leaves its machine.
    Every method raises ``RegistryError``.
    """

    def __init__(self, url: str | None = None, key: str | None = None, cache_dir: str | os.PathLike[str] | None = None) -> None:
        self._url = url
        self._key = key
        self._cache_dir = None if cache_dir is None else os.fspath(cache_dir)

    def __repr__(self) -> str:
        return f"ModelRegistry(url={self._url!r})"

    def register_model(
        self,
        model_path: str | os.PathLike[str],
        name: str,
        framework: str | None = None,
        version: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        aliases: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
    ) -> ModelVersion:
        """Uploads a file, or a folder with its files, and publishes them as the next version. Large files are streamed and resumed.

        ``framework`` is found out from the files where it is left out. Of ``metadata``, ``task``, ``licence``, ``languages`` and
        ``parameter_count`` can be searched for; everything else (accuracy, dataset, …) is kept as it is.
        """
        transport = self._transport()
        files = [{"path": place, "digest": upload_file(transport, path)} for place, path in files_below(Path(model_path).expanduser())]
        wanted: dict[str, Any] = {"name": name, "files": files, "metadata": _to_metadata(metadata or {})}
        given = {"framework": framework and framework.lower(), "version": version, "description": description}
        wanted.update({field: value for field, value in given.items() if value})
        if aliases:
            wanted["aliases"] = list(aliases)
        if tags:
            wanted["tags"] = dict(tags)
        return ModelVersion.read(name, transport.call("POST", "/models", wanted))

    def load_model(self, name: str, version: str | int | None = None) -> Any:
        """Fetches a model once per machine and loads it: GGUF as a path, ONNX as an ``onnxruntime.InferenceSession``, safetensors as
        arrays by name, PyTorch with ``weights_only`` and only when its files were found safe.

        ``version`` is a number, a semantic version or an alias; ``latest`` where it is left out.
        """
        found = self.get_version(name, version)
        check_verdict(found)
        return load(self, found, self._fetch(found))

    def download(self, name: str, version: str | int | None = None) -> Path:
        """Fetches the files of a version without loading them: the path of its only file, or of a folder with all of them."""
        found = self.get_version(name, version)
        paths = self._fetch(found)
        return next(iter(paths.values())) if len(paths) == 1 else self._cache().folder_of(found)

    def list_models(self) -> list[ModelInfo]:
        """All models, by name."""
        return list(self._pages({"sort": "name"}))

    def search(
        self,
        text: str = "",
        *,
        framework: str | None = None,
        task: str | None = None,
        licence: str | None = None,
        language: str | None = None,
        limit: int = 50,
    ) -> list[ModelInfo]:
        """Models whose name, description or tags have these words, latest change first."""
        wanted = {
            "search": text or None,
            "framework": framework,
            "task": task,
            "licence": licence,
            "language": language,
        }
        found = []
        for model in self._pages({**wanted, "limit": min(limit, PAGE)}):
            found.append(model)
            if len(found) >= limit:
                break
        return found

    def get_version(self, name: str, version: str | int | None = None) -> ModelVersion:
        data = self._transport().call("GET", path_of("models", name, "versions", str(version or "latest")))
        return ModelVersion.read(name, data)

    def list_versions(self, name: str) -> list[ModelVersion]:
        """Newest first."""
        found: list[ModelVersion] = []
        cursor = None
        while True:
            page = self._transport().call("GET", path_of("models", name, "versions"), query={"limit": PAGE, "cursor": cursor})
            found.extend(ModelVersion.read(name, version) for version in page["versions"])
            cursor = page["next"]
            if cursor is None:
                return found

    def set_alias(self, name: str, alias: str, version: str | int) -> None:
        """Points an alias, such as ``production``, to a version."""
        self._transport().call("PUT", path_of("models", name, "aliases", alias), {"version": version})

    def delete_model(self, name: str) -> None:
        """Removes a model with all its versions."""
        self._transport().call("DELETE", path_of("models", name))

    def sync_with_mlflow(self) -> None:
        """Not there yet: raises ``unsupported_feature``."""
        raise RegistryError(
            "unsupported_feature",
            "This version does not exchange models with MLflow.",
            "Take them over one by one: register_model(model_path=…).",
        )

    def _pages(self, query: Mapping[str, object]) -> Iterator[ModelInfo]:
        cursor = None
        while True:
            page = self._transport().call("GET", "/models", query={"limit": PAGE, **query, "cursor": cursor})
            yield from (ModelInfo.read(model) for model in page["models"])
            cursor = page["next"]
            if cursor is None:
                return

    def _fetch(self, version: ModelVersion) -> dict[str, Path]:
        cache, transport = self._cache(), self._transport()
        if not version.files:
            raise RegistryError("file_not_found", f"{version.name} version {version.version} has no files.")
        return cache.name_files(version, {file.path: cache.ensure(transport, version, file) for file in version.files})

    def _transport(self) -> Transport:
        # found anew each time: a cluster that restarted may have another port, and always has another credential
        return Transport(locate(self._url, self._key))

    def _cache(self) -> BlobCache:
        return BlobCache(default_folder() if self._cache_dir is None else Path(self._cache_dir))
