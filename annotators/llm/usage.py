"""What asking language models has cost, and what went wrong."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields

_PAID, _KEPT, _FAULT = "llm paid ", "llm kept ", "llm fault "


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one answer cost when it was asked for."""

    tokens_in: int | None
    tokens_out: int | None
    """As the server counts; None where it does not tell."""
    seconds: float
    price: float | None
    """In the currency of the settings; None where they state no price, or the server no tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Totals of answers, as far as the servers told what they counted: whole numbers, which workers can add up."""

    answers: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    microseconds: int = 0
    price_e8: int = 0
    """In hundred-millionths of the currency."""

    @classmethod
    def on(cls, cost: Cost) -> Spent:
        """Return what one answer cost."""
        return cls(
            answers=1,
            tokens_in=cost.tokens_in or 0,
            tokens_out=cost.tokens_out or 0,
            microseconds=round(1e6 * cost.seconds),
            price_e8=round(1e8 * (cost.price or 0.0)),
        )

    def counters(self, under: str) -> Mapping[str, int]:
        """Return the totals by name."""
        return {under + one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def among(cls, counted: Mapping[str, int], under: str) -> Spent:
        """Return the totals that go by such names."""
        return cls(**{one.name: counted.get(under + one.name, 0) for one in fields(cls)})

    def line(self, what: str) -> str:
        """Return the totals in words."""
        price = f", price {self.price_e8 / 1e8:.4f}" if self.price_e8 else ""
        tokens = f"{self.tokens_in} tokens in, {self.tokens_out} out"
        return f"{self.answers} answers {what}: {tokens}, {self.microseconds / 1e6:.1f} s of waiting{price}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was used of language models. Answers that the work store already holds are not asked for and do not show here."""

    paid: Spent
    kept: Spent
    """Kept from earlier, at what it cost then."""
    faults: Mapping[str, int]
    """What went wrong, by kind, also where the next try went well."""

    @classmethod
    def among(cls, counted: Mapping[str, int]) -> Usage:
        """Return what counters of a run say of language models."""
        faults = {name.removeprefix(_FAULT): n for name, n in sorted(counted.items()) if name.startswith(_FAULT)}
        return cls(paid=Spent.among(counted, _PAID), kept=Spent.among(counted, _KEPT), faults=faults)

    def table(self) -> str:
        """Return the totals, "" where no language model was asked."""
        lines = [self.paid.line("asked for")] if self.paid.answers else []
        lines += [self.kept.line("kept from earlier, at their cost then")] if self.kept.answers else []
        lines += [f"  {count:4d}  {kind}\n" for kind, count in self.faults.items()]
        return "".join(lines)


class UsageMeter:
    """Counts, thread-safe, what one client uses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: Counter[str] = Counter()

    def pay(self, cost: Cost) -> None:
        """Add an answer that a server gave."""
        self._add(Spent.on(cost).counters(_PAID))

    def reuse(self, cost: Cost) -> None:
        """Add an answer that was kept from earlier, at what it cost then."""
        self._add(Spent.on(cost).counters(_KEPT))

    def fault(self, kind: str) -> None:
        """Count something that went wrong, also where the next try went well."""
        self._add({_FAULT + kind: 1})

    def take(self) -> Mapping[str, int]:
        """Return what was counted since this was last called."""
        with self._lock:
            counted, self._counted = self._counted, Counter()
            return counted

    def _add(self, counted: Mapping[str, int]) -> None:
        with self._lock:
            self._counted.update(counted)
