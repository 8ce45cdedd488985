"""Read the tensors of a PyTorch checkpoint without running any of it, and write them as safetensors.

A checkpoint is a pickle, and a pickle can name any function to be called. Here only tensors and plain containers are real; every
other global becomes an inert class that swallows whatever is done to it. The source is pinned by sha256 all the same.
"""

from __future__ import annotations

import builtins
import collections
import pickle
import zipfile
from pathlib import Path
from typing import IO, Any

from schemas.errors import ModelFileError

_TYPES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "LongStorage": "int64",
    "IntStorage": "int32",
}
_PLAIN = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("collections", "defaultdict"): collections.defaultdict,
    ("builtins", "int"): builtins.int,
    ("builtins", "dict"): builtins.dict,
    ("builtins", "list"): builtins.list,
    ("builtins", "set"): builtins.set,
}


# What a pickle can raise that is broken, or that does with an inert class what only the real one could.
_BROKEN = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    StopIteration,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
)


class _Inert:
    """Stands for a global that is not needed: it can be made and filled, and does nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __setstate__(self, state: Any) -> None: ...
    def __setitem__(self, key: Any, value: Any) -> None: ...
    def append(self, value: Any) -> None: ...
    def extend(self, values: Any) -> None: ...
    def __hash__(self) -> int:
        return id(self)


class _Reader(pickle.Unpickler):
    def __init__(self, file: IO[bytes], bundle: zipfile.ZipFile, root: str) -> None:
        super().__init__(file)
        self._bundle, self._root = bundle, root

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _TYPES:
            return name
        return _PLAIN.get((module, name)) or type(name, (_Inert,), {})

    def persistent_load(self, pid: Any) -> Any:
        import torch  # noqa: PLC0415

        _, kind, key, _, _ = pid
        if kind not in _TYPES:
            raise ModelFileError(f"a checkpoint holds numbers of an unknown kind: {kind}")
        data = bytearray(self._bundle.read(f"{self._root}/data/{key}"))
        return torch.frombuffer(data, dtype=getattr(torch, _TYPES[kind]))


def _tensor(storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Any:
    import torch  # noqa: PLC0415

    return torch.as_strided(storage, size, stride, offset).clone()


def tensors(checkpoint: Path) -> dict[str, Any]:
    """Return the state dictionary of a checkpoint: the whole file, or its entry `state_dict`.

    Raises:
        ModelFileError: it is no checkpoint, or holds no state dictionary.
    """
    try:
        with zipfile.ZipFile(checkpoint) as bundle:
            inside = next(name for name in bundle.namelist() if name.endswith("/data.pkl"))
            with bundle.open(inside) as file:
                whole = _Reader(file, bundle, inside.partition("/")[0]).load()
    except _BROKEN as error:
        raise ModelFileError(f"{checkpoint.name} cannot be read as a checkpoint: {error}") from error
    state = whole.get("state_dict", whole) if isinstance(whole, dict) else {}
    found = {str(name): value for name, value in state.items() if type(value).__name__ == "Tensor"}
    if not found:
        raise ModelFileError(f"{checkpoint.name} holds no state dictionary")
    return found


def to_safetensors(checkpoint: Path, out: Path) -> None:
    """Write the tensors of a checkpoint; equal tensors give equal bytes."""
    from safetensors.torch import save_file  # noqa: PLC0415

    save_file({name: value.contiguous() for name, value in tensors(checkpoint).items()}, out)
