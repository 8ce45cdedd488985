"""How fast and how patiently a server is asked."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ConfigDict, with_config

from schemas.validate import Positive, PositiveInt


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """How fast and how patiently a server is asked; nothing in here changes what it is asked."""

    concurrency: PositiveInt = 8
    """Requests under way at once; with `batch`, the most that one job holds."""
    per_minute: PositiveInt | None = None
    """Requests that are begun in a minute; None: no limit but the server's own."""
    timeout: Positive = 180.0
    """Seconds from a request to the last byte of its answer."""
    tries: PositiveInt = 5
    """How often one request is made, until the server answers it."""
    backoff: Positive = 1.0
    """Seconds before the second try; twice that before the third, and so on, each cut by up to a half at random."""
    longest_wait: Positive = 120.0
    """Seconds: a server that asks for a longer wait than this is given up on until the next build."""
    price_in: float | None = None
    """Price per million tokens of what is asked, in whatever currency."""
    price_out: float | None = None
    """Price per million tokens of what is answered, in the same currency."""
    batch: bool = False
    """Go through the provider's batch API, which wants a large `concurrency` and has strict structured output only."""
    gather: Positive = 5.0
    """Seconds without a new request after which a job is sent off."""
    poll: Positive = 30.0
    """Seconds between two looks at a job."""

    def price(self, tokens_in: int | None, tokens_out: int | None) -> float | None:
        """Return what an answer costs, None where no price is set or no tokens were counted."""
        if tokens_in is None or tokens_out is None or (self.price_in is None and self.price_out is None):
            return None
        return round((tokens_in * (self.price_in or 0.0) + tokens_out * (self.price_out or 0.0)) / 1e6, 8)
