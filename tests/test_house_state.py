"""What a module keeps: nothing that can change, and importing one does nothing to the process."""

import ast
from collections.abc import Iterator, Mapping, Sequence

import pytest

from tests.test_house import HOUSE, modules, parsed

STATE = {
    "annotators.media.decoder._CACHE": "the sound of the last files, so that annotators of one process decode it once",
    "annotators.native_logs._starting": "stderr belongs to the process: one block at a time sets it aside",
    "annotators.speech.diarization: os.environ['PYANNOTE_METRICS_ENABLED'] = 'false'": "pyannote reads it when it is imported",
}
"""What a module keeps or does all the same, and why."""
MUTABLE = {
    "list", "dict", "set", "bytearray", "Counter", "defaultdict", "OrderedDict", "deque", "array", "Lock", "RLock", "local",
}  # fmt: skip
WRITES = {
    "append", "extend", "insert", "remove", "pop", "popitem", "clear", "sort", "reverse", "add", "discard", "update",
    "setdefault", "intersection_update", "difference_update", "symmetric_difference_update",
}  # fmt: skip


def statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported, but for definitions."""
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            continue
        if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While | ast.ExceptHandler):
            for part in ("body", "handlers", "orelse", "finalbody"):
                yield from statements(getattr(node, part, []))
        elif not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.Import | ast.ImportFrom):
            yield node


def is_frozen(node: ast.ClassDef) -> bool:
    """Tell whether what a class makes can be shared: a frozen dataclass, a bare one without fields, or an enumeration."""
    decorated = " ".join(map(ast.unparse, node.decorator_list))
    return "frozen=True" in decorated or any("Enum" in ast.unparse(base) for base in node.bases)


def lasting_classes(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """Return the names of classes whose instances can change: those of all modules at "", and by module its private ones."""
    found: dict[str, set[str]] = {"": set()}
    for module, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not is_frozen(node):
                found.setdefault(module if node.name.startswith("_") else "", set()).add(node.name)
    return found


def written(trees: Mapping[str, ast.Module]) -> set[str]:
    """Return the upper-case names that anything in the house writes into or binds anew inside a function."""
    found: set[str] = set()
    for node in (node for tree in trees.values() for node in ast.walk(tree)):
        match node:
            case ast.Global(names=names):
                found.update(names)
            case ast.Subscript(value=held, ctx=ast.Store() | ast.Del()) | ast.AugAssign(target=held):
                found.add(ast.unparse(held).rpartition(".")[2])
            case ast.Call(func=ast.Attribute(value=held, attr=attr)) if attr in WRITES:
                found.add(ast.unparse(held).rpartition(".")[2])
    return {name for name in found if name.isupper()}


def changes(value: ast.expr, classes: set[str]) -> bool:
    """Tell whether a value can change: a list, dict or set, an instance of a class of ours that is not frozen, a lock."""
    match value:
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in MUTABLE | classes
        case ast.Call(func=ast.Subscript(value=ast.Name(id=name))):
            return name in MUTABLE | classes
    return False


def is_display(value: ast.expr) -> bool:
    return isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def kept(trees: Mapping[str, ast.Module]) -> Iterator[str]:
    """Yield what modules keep that can change, and what importing them does to the process."""
    classes, wrote = lasting_classes(trees), written(trees)
    for module, tree in trees.items():
        own = classes[""] | classes.get(module, set())
        for node in statements(tree.body):
            match node:
                case ast.Expr(value=ast.Constant()) | ast.AnnAssign(value=None) | ast.Pass():
                    continue
                case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=value):
                    constant = is_display(value) and name.isupper() and name not in wrote
                    if name != "__all__" and changes(value, own) and not constant:
                        yield f"{module}.{name}"
                    yield from (f"{module}: {ast.unparse(call)}" for call in ast.walk(value) if is_of_process(call))
                case ast.Assign(targets=targets) if all(isinstance(target, ast.Tuple | ast.Name) for target in targets):
                    continue
                case _:
                    yield f"{module}: {ast.unparse(node)}"


def is_of_process(node: ast.AST) -> bool:
    """Tell a call that reads or changes something of the process: its mask, its folder, its variables."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("os.", "sys.", "locale.", "signal."))


def test_no_module_keeps_what_can_change_and_importing_one_does_nothing():
    found = set(kept({module: parsed(file) for module, file in modules(*HOUSE).items()}))
    assert found - STATE.keys() == set()
    assert STATE.keys() - found == set(), "it is gone"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("_seen = {}", {"m._seen"}),
        ("SEEN: set[int] = set()", {"m.SEEN"}),
        ("SEEN = {'a': 1}\ndef f(): SEEN['b'] = 2", {"m.SEEN"}),
        ("SEEN = [1]\ndef f(): SEEN.append(2)", {"m.SEEN"}),
        ("NAMES = {'a': 1}\ndef f(): return NAMES['a']", set()),
        ("NAMES = ('a', 'b')\nMATCH = re.compile('a')\nKIND = TypeAdapter(list[int])", set()),
        ("class Meter: ...\nMETER = Meter()", {"m.METER"}),
        ("@dataclass(frozen=True)\nclass Unit: ...\nUNIT = Unit()", set()),
        ("MASK = os.umask(0)\nos.umask(MASK)", {"m: os.umask(0)", "m: os.umask(MASK)"}),
        ("LOCK = threading.Lock()", {"m.LOCK"}),
        ("COUNTS: Counter[str] = Counter()\nLAST = defaultdict(list)", {"m.COUNTS", "m.LAST"}),
        ("try:\n    import fast\nexcept ImportError:\n    found = []", {"m.found"}),
        ("if __name__ == '__main__':\n    sys.exit(main())", set()),
        ("os.environ['A'] = 'b'", {"m: os.environ['A'] = 'b'"}),
    ],
)
def test_what_a_module_keeps_is_told_from_what_it_names(code, found):
    assert set(kept({"m": ast.parse(code)})) == found
