from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ModelFile:
    """One file of a version; ``path`` is inside the version, with forward slashes."""

    path: str
    digest: str
    size_bytes: int

    @staticmethod
    def read(data: Mapping[str, Any]) -> ModelFile:
        return ModelFile(str(data["path"]), str(data["digest"]), int(data["sizeBytes"]))


@dataclass(frozen=True)
class ModelVersion:
    """An immutable release of a model. ``verdict`` is what a look into its files found, which executes nothing."""

    name: str
    version: int
    semver: str | None
    framework: str
    size_bytes: int
    manifest_digest: str
    created_at: str
    files: tuple[ModelFile, ...]
    aliases: tuple[str, ...]
    metadata: Mapping[str, Any]
    verdict: str | None

    @staticmethod
    def read(name: str, data: Mapping[str, Any]) -> ModelVersion:
        return ModelVersion(
            name=name,
            version=int(data["version"]),
            semver=data["semver"],
            framework=str(data["framework"]),
            size_bytes=int(data["sizeBytes"]),
            manifest_digest=str(data["manifestDigest"]),
            created_at=str(data["createdAt"]),
            files=tuple(ModelFile.read(file) for file in data["files"]),
            aliases=tuple(data.get("aliases", ())),
            metadata=data.get("metadata", {}),
            verdict=(data.get("inspection") or {}).get("verdict"),
        )


@dataclass(frozen=True)
class ModelInfo:
    """One model as lists show it; ``framework`` and ``size_bytes`` are those of its latest version."""

    name: str
    description: str
    framework: str
    size_bytes: int
    parameter_count: int | None
    latest_version: int
    latest_semver: str | None
    version_count: int
    updated_at: str

    @staticmethod
    def read(data: Mapping[str, Any]) -> ModelInfo:
        return ModelInfo(
            name=str(data["name"]),
            description=str(data["description"]),
            framework=str(data["framework"]),
            size_bytes=int(data["sizeBytes"]),
            parameter_count=data.get("parameterCount"),
            latest_version=int(data["latest"]["version"]),
            latest_semver=data["latest"]["semver"],
            version_count=int(data["versionCount"]),
            updated_at=str(data["updatedAt"]),
        )
