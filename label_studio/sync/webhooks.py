"""Our webhooks on a server: one per project of ours, there as long as a pull waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from label_studio.server.client import LabelStudioClient
from label_studio.sync.wake import HEADER

ACTIONS = ("ANNOTATIONS_CREATED", "ANNOTATIONS_DELETED", "ANNOTATION_CREATED", "ANNOTATION_UPDATED")


class Webhooks:
    """What a folder of reviews has asked a server to tell it. Those of people and of other folders are left alone."""

    def __init__(self, client: LabelStudioClient, owner: str, address: str, token: str) -> None:
        """Tell ours by `owner` in their path, also those that an earlier run left at another address."""
        self._client, self._path = client, f"/affectory/{owner}"
        self._wanted = {
            "url": f"http://{address}{self._path}",
            "headers": {HEADER: token},
            "is_active": True,
            # The server waits for us whenever a reviewer submits: the less it has to send, the better.
            "send_payload": False,
            "send_for_all_actions": False,
            "actions": list(ACTIONS),
        }

    def keep(self, projects: Iterable[int]) -> None:
        """See to it that each of these projects has one webhook of ours, and that there is none besides; may be done twice.

        Raises:
            Refused: the server does not let us, or does not call this address.
            TransientError: it does not answer.
        """
        missing = dict.fromkeys(projects)
        for hook in self._ours():
            if hook["project"] in missing and self._fits(hook):
                del missing[hook["project"]]
            else:
                self._client.delete(f"/api/webhooks/{hook['id']}/")
        for project in missing:
            self._client.post("/api/webhooks/", self._wanted | {"project": project})

    def remove(self) -> None:
        """Remove all of ours; raise as `keep` does."""
        self.keep(())

    def _ours(self) -> Iterator[Mapping[str, Any]]:
        found = list(self._client.pages("/api/webhooks/"))
        return (hook for hook in found if urlsplit(hook["url"]).path == self._path)

    def _fits(self, hook: Mapping[str, Any]) -> bool:
        return all(hook[name] == value for name, value in self._wanted.items() if name != "actions") and (
            sorted(hook["actions"]) == list(ACTIONS)
        )
