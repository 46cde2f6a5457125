"""The model registry of a Cluster AI.

>>> from model_registry import ModelRegistry
>>> registry = ModelRegistry()
>>> registry.register_model(model_path="resnet50.onnx", name="resnet50", framework="onnx", version="1.0.0")
>>> model = registry.load_model("resnet50", version="1.0.0")
"""

from .errors import ClusterError, RegistryError
from .models import ModelFile, ModelInfo, ModelVersion
from .registry import ModelRegistry

__all__ = ["ClusterError", "ModelFile", "ModelInfo", "ModelRegistry", "ModelVersion", "RegistryError"]
