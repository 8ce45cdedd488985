"""What is asked of a language model, in the words that servers of the OpenAI kind take, and the name under which it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from schemas.provenance import digest

_WEAKER = {"json_schema": "json_object", "json_object": "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a server wants to be asked; each new server is first believed to take strict structured output."""

    format: str = "json_schema"
    """json_schema, json_object or text."""
    limit: str = "max_tokens"
    """Or max_completion_tokens, which reasoning models ask for in its place."""

    def after(self, complaint: str, param: str | None) -> Dialect | None:
        """Return the dialect to try after a 400 with this message, None where other words would not help."""
        if self.limit == "max_tokens" and "max_completion_tokens" in complaint:
            return replace(self, limit="max_completion_tokens")
        other = param is not None and "response_format" not in param
        if other or "context" in complaint or self.format not in _WEAKER:
            return None
        return replace(self, format=_WEAKER[self.format])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One request; two that are equal have the same `key` and are asked once, by whatever server."""

    model: str
    messages: tuple[Mapping[str, Any], ...]
    schema: Mapping[str, Any]
    max_tokens: int
    temperature: float | None
    sample: int
    """Tells apart requests that are alike but for being asked again for another answer; it is not sent."""

    @property
    def key(self) -> str:
        """Return the hash of what is asked; pictures are in it by content, the server is not."""
        return digest([self.payload(Dialect()), self.sample])

    def payload(self, dialect: Dialect) -> dict[str, Any]:
        """Return the body of the HTTP request."""
        asked: dict[str, Any] = {"model": self.model, "messages": list(self.messages), dialect.limit: self.max_tokens}
        if self.temperature is not None:
            asked["temperature"] = self.temperature
        if dialect.format == "json_schema":
            shape = {"name": "answer", "strict": True, "schema": dict(self.schema)}
            return asked | {"response_format": {"type": "json_schema", "json_schema": shape}}
        system, *others = self.messages
        shown = f"{system['content']}\nThe JSON schema of the answer:\n{json.dumps(self.schema, sort_keys=True)}"
        asked["messages"] = [{**system, "content": shown}, *others]
        return asked | ({"response_format": {"type": "json_object"}} if dialect.format == "json_object" else {})

    def again(self, answer: str, complaint: str) -> ChatRequest:
        """Return the request for a better answer than the one given."""
        more = ({"role": "assistant", "content": answer}, {"role": "user", "content": complaint})
        return replace(self, messages=(*self.messages, *more))
