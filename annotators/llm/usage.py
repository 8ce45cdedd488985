"""What asking language models has cost, and what went wrong, for the closing table. One purse per process."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Totals of answers, as far as the servers told what they counted."""

    answers: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    price: float = 0.0

    def plus(self, cost: Cost) -> Spent:
        """Return the totals with one more answer."""
        return replace(
            self,
            answers=self.answers + 1,
            tokens_in=self.tokens_in + (cost.tokens_in or 0),
            tokens_out=self.tokens_out + (cost.tokens_out or 0),
            seconds=self.seconds + cost.seconds,
            price=self.price + (cost.price or 0.0),
        )

    def line(self, what: str) -> str:
        """Return the totals in words."""
        price = f", price {self.price:.4f}" if self.price else ""
        tokens = f"{self.tokens_in} tokens in, {self.tokens_out} out"
        return f"{self.answers} answers {what}: {tokens}, {self.seconds:.1f} s of waiting{price}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one answer cost when it was asked for."""

    tokens_in: int | None
    tokens_out: int | None
    """As the server counts; None where it does not tell."""
    seconds: float
    price: float | None
    """In the currency of the settings; None where they state no price, or the server no tokens."""


class UsageMeter:
    """Thread-safe totals. Answers that the work store already holds are not asked for and do not show here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self.paid, self.kept = Spent(), Spent()
            self.faults: Counter[str] = Counter()

    def pay(self, cost: Cost) -> None:
        """Add an answer that a server gave."""
        with self._lock:
            self.paid = self.paid.plus(cost)

    def reuse(self, cost: Cost) -> None:
        """Add an answer that was kept from earlier, at what it cost then."""
        with self._lock:
            self.kept = self.kept.plus(cost)

    def fault(self, kind: str) -> None:
        """Count something that went wrong, also where the next try went well."""
        with self._lock:
            self.faults[kind] += 1

    def table(self) -> str:
        """Return the totals, "" where no language model was asked."""
        with self._lock:
            lines = [self.paid.line("asked for")] if self.paid.answers else []
            lines += [self.kept.line("kept from earlier, at their cost then")] if self.kept.answers else []
            lines += [f"  {count:4d}  {kind}\n" for kind, count in sorted(self.faults.items())]
        return "".join(lines)


PURSE = UsageMeter()
