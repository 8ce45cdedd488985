"""The models that a process has in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from annotators.annotator import Annotator


class LoadedModels:
    """Models by annotator and device: one for all threads of the process, or one in each thread where it is not shared."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[tuple[object, ...], Any] = {}

    def model(self, annotator: Annotator[Any, Any], device: str, load: Callable[[], Any]) -> Any:
        """Return the model of an annotator; `load` gives it where it is not there yet, one at a time."""
        mine: tuple[object, ...] = (annotator.key, device, None if annotator.shared else threading.get_ident())
        if mine not in self._models:
            with self._lock:
                if mine not in self._models:
                    self._models[mine] = load()
        return self._models[mine]
