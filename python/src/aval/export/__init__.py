"""From a fitted object to a model file, exactly or not at all (docs/python.md)."""

from .additive import NotExact
from .model_file import ModelFile, to_model_file

__all__ = ["ModelFile", "NotExact", "to_model_file"]
