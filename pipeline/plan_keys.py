"""Every key of a plan, told from the settings themselves: type, default, range, unit, and what it changes."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotators.registry import annotator_class, registered
from pipeline.judge.rule import RULES, rule_class
from pipeline.plan import Plan
from schemas.doors import behind

UNITS = {
    r"[Ss]econds": "s", r"Hz|(?:Samples|Pictures) per second": "Hz", r"[Pp]ixels": "pixels", r"[Dd]egrees": "degrees",
    r"bits|[Dd]ivergence": "bits", r"[Bb]ytes": "bytes", r"[Ss]hare|[Oo]verlap": "share", r"[Cc]osine": "cosine",
    r"[Cc]orrelation": "correlation", r"steps of 256": "steps of 256", r"[Ss]tandard deviations": "deviations",
    r"frame heights": "frame heights",
    r"[Ff]ace heights": "face heights", r"log-probability": "log-probability", r"[Pp]robability": "probability",
    r"[Ss]core|as a blendshape": "score, 0 to 1", r"[Vv]alence": "valence", r"[Aa]mbiguity": "ambiguity",
    r"[Ll]og odds": "log odds", r"[Ll]ogit": "logit",
    r"[Vv]ariance": "variance", r"[Tt]hreads": "count", r"million tokens": "per million tokens",
    r"[Ff]actor|[Dd]ivide[sd]|smaller than": "factor", r"[Ww]eight": "weight", r"[Tt]emperature": "temperature",
}  # fmt: skip
"""How a description names its unit, and the unit; the first that it names is meant. A whole number without one counts."""
BOUNDS = {"ge": "≥ {}", "gt": "> {}", "le": "≤ {}", "lt": "< {}", "min_length": "at least {} of them", "max_length": "at most {}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanKey:
    """One key of a plan."""

    table: str
    """The table that it stands in, or the annotator or rule."""
    name: str
    kind: str
    default: str
    """As TOML writes it; "none" where the key is left out for it."""
    bounds: str
    """Empty where every value of the type is taken."""
    unit: str
    """Empty for what is no number."""
    says: str

    @property
    def path(self) -> str:
        """Return how the key is called from outside its table."""
        return f"{self.table}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTable:
    """A table of a plan, or the settings of an annotator or of a rule."""

    name: str
    says: str
    keys: tuple[PlanKey, ...]
    kind: Literal["table", "annotators", "rules"]
    """The table itself, or what stands in tables of double brackets."""
    ours: bool
    """Whether it comes with Affectory."""


def plan_tables() -> tuple[PlanTable, ...]:
    """Return the tables of a plan in its order, then all annotators and rules that are installed, by name."""
    hints = get_type_hints(Plan)
    built = [(field.name, hints[field.name]) for field in fields(Plan) if is_dataclass(hints[field.name])]
    return (
        *(_table(name, kind, "table") for name, kind in built),
        *(_table(name, annotator_class(name), "annotators") for name in registered()),
        *(_table(name, rule_class(entry), "rules") for name, entry in behind(RULES).items()),
    )


def _table(name: str, settings: type[Any], kind: Literal["table", "annotators", "rules"]) -> PlanTable:
    ours = settings.__module__.partition(".")[0] in {"annotators", "pipeline", "label_studio"}
    return PlanTable(name=name, says=_first_line(settings), keys=tuple(_keys(name, settings, "")), kind=kind, ours=ours)


def _keys(table: str, kind: type[Any], before: str) -> Iterator[PlanKey]:
    hints, says = get_type_hints(kind, include_extras=True), field_docs(kind)
    for field in fields(kind):
        if not field.init:
            continue
        inner = _bare(hints[field.name])[0]
        if is_dataclass(inner) and isinstance(inner, type):
            yield from _keys(table, inner, f"{before}{field.name}.")
            continue
        told = says.get(field.name, "")
        if not told and re.search(r"(^|_)model$", field.name):
            told = "Name of an entry of models.toml."
        yield PlanKey(
            table=table,
            name=before + field.name,
            kind=_kind(hints[field.name]),
            default=_default(field),
            bounds=_bounds(hints[field.name]),
            unit=_unit(_bare(hints[field.name])[0], told),
            says=" ".join(told.split()),
        )


def field_docs(kind: type[Any]) -> dict[str, str]:
    """Return what the source of a class says below each of its fields, those of its bases included."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if not is_dataclass(one):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(one))).body[0]
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for first, second in pairwise(statements):
            match first, second:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    found[name] = text
    return found


def _first_line(kind: type[Any]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")


def _bare(hint: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """Return a type without its constraints, these, and whether none is taken too."""
    if get_origin(hint) is Annotated:
        inner, *held = get_args(hint)
        bare, more, none = _bare(inner)
        return bare, (*held, *more), none
    if get_origin(hint) in (Union, UnionType):
        others = [one for one in get_args(hint) if one is not NoneType]
        if len(others) == 1:
            return (*_bare(others[0])[:2], True)
    return hint, (), False


def _kind(hint: Any) -> str:
    bare, _, none = _bare(hint)
    if get_origin(bare) is Literal:
        return "one of"
    if get_origin(bare) is tuple:
        return "list of " + (_kind(get_args(bare)[0]) if get_origin(get_args(bare)[0]) is not tuple else "pairs")
    return getattr(bare, "__name__", str(bare)) + (" or none" if none else "")


def _bounds(hint: Any) -> str:
    bare, held, _ = _bare(hint)
    if get_origin(bare) is Literal:
        return ", ".join(map(str, get_args(bare)))
    limits = [(name, getattr(one, name, None)) for name in BOUNDS for each in held for one in getattr(each, "metadata", ())]
    return ", ".join(BOUNDS[name].format(limit) for name, limit in limits if limit is not None)


def _default(field: Field[Any]) -> str:
    if field.default is MISSING:
        return "from the environment"
    return toml_value(field.default)


def toml_value(value: object) -> str:
    """Return a value as TOML writes it; "none" for None, which a plan says by leaving the key out."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case str():
            return '"' + "".join(_escaped(sign) for sign in value) + '"'
        case tuple() | list():
            return "[" + ", ".join(map(toml_value, value)) + "]"
    return str(value)


def _escaped(sign: str) -> str:
    return f"\\{sign}" if sign in '"\\' else sign if sign.isprintable() else f"\\U{ord(sign):08x}"


def _unit(bare: Any, told: str) -> str:
    if bare not in (int, float):
        return ""
    found = [(match.start(), unit) for pattern, unit in UNITS.items() if (match := re.search(rf"\b(?:{pattern})\b", told))]
    return min(found)[1] if found else "count" if bare is int else ""
