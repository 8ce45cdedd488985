"""A dataset repository on the Hub, and what to do where it refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.publish.selection import UploadFile
from schemas.errors import TransientError, UsageError

KIND, MAIN = "dataset", "main"
TOKEN = "HF_TOKEN"  # noqa: S105
_AT_ONCE = 16
"""Files handed over together: the client sends several of them side by side."""
_NO_SUCH, _CONFLICT = 404, (409, 412)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """One file of a commit."""

    path: str
    size: int
    blob: str
    """Its id in git: of the file itself, or of the pointer to it."""
    sha256: str | None
    """Of a file that is stored beside git; None for one in git."""

    def holds(self, item: UploadFile) -> bool:
        """Tell whether it is the same file."""
        if self.path != item.path or self.size != item.size:
            return False
        return self.sha256 == item.sha256 if self.sha256 else self.blob == item.git_sha1


@dataclass(frozen=True, slots=True, kw_only=True)
class Refs:
    """Where branch main stands, and all tags, by the commits that they name."""

    main: str
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A dataset repository, spoken to with the token of the environment."""

    repo: str
    token: str

    @cached_property
    def _api(self) -> Any:
        from huggingface_hub import HfApi  # noqa: PLC0415

        return HfApi(token=self.token)

    def refs(self) -> Refs | None:
        """Return branches and tags; None where there is no such repository, or none that the token may see."""
        from huggingface_hub.errors import RepositoryNotFoundError  # noqa: PLC0415

        with self._asking():
            try:
                found = self._api.list_repo_refs(self.repo, repo_type=KIND)
            except RepositoryNotFoundError as error:
                if error.response.status_code == _NO_SUCH:
                    return None
                raise
        heads = {branch.name: branch.target_commit for branch in found.branches}
        return Refs(main=heads.get(MAIN, ""), tags={tag.name: tag.target_commit for tag in found.tags})

    def create(self, private: bool) -> None:
        """Make the repository; one that is there stays as it is."""
        with self._asking():
            self._api.create_repo(self.repo, repo_type=KIND, private=private, exist_ok=True)

    def is_private(self) -> bool:
        """Tell whether only its owners see it."""
        with self._asking():
            return bool(self._api.repo_info(self.repo, repo_type=KIND).private)

    def files(self, revision: str) -> dict[str, Remote]:
        """Return the files of a commit, branch or tag."""
        from huggingface_hub.hf_api import RepoFile  # noqa: PLC0415

        with self._asking():
            tree = [
                entry
                for entry in self._api.list_repo_tree(self.repo, repo_type=KIND, revision=revision, recursive=True)
                if isinstance(entry, RepoFile)
            ]
        found = (Remote(path=f.path, size=f.size, blob=f.blob_id, sha256=f.lfs.sha256 if f.lfs else None) for f in tree)
        return {one.path: one for one in found}

    def title(self, revision: str) -> str:
        """Return the first line of the message of a commit."""
        with self._asking():
            return next((str(one.title) for one in self._api.list_repo_commits(self.repo, repo_type=KIND, revision=revision)), "")

    def content(self, path: str, revision: str) -> bytes:
        """Return a file of a commit."""
        with self._asking():
            return Path(self._api.hf_hub_download(self.repo, path, repo_type=KIND, revision=revision)).read_bytes()

    def store(self, items: Sequence[UploadFile]) -> Iterator[tuple[int, Any]]:
        """Send files that no commit holds yet; what the server has is not sent again. Yield how many are there, and the files."""
        from huggingface_hub import CommitOperationAdd  # noqa: PLC0415

        for start in range(0, len(items), _AT_ONCE):
            with self._asking():
                group = [
                    CommitOperationAdd(item.path, item.made if item.place is None else str(item.place))
                    for item in items[start : start + _AT_ONCE]
                ]
                self._api.preupload_lfs_files(self.repo, group, repo_type=KIND, revision=MAIN)
            _unchanged(items[start : start + _AT_ONCE], group)
            yield start + len(group), group

    def commit(self, additions: Sequence[Any], gone: Sequence[str], title: str, parent: str) -> str:
        """Commit stored files and removals onto `parent`; return the new commit."""
        from huggingface_hub import CommitOperationDelete  # noqa: PLC0415

        operations = [*additions, *(CommitOperationDelete(path, is_folder=False) for path in gone)]
        with self._asking():
            made = self._api.create_commit(
                self.repo, operations, commit_message=title, repo_type=KIND, revision=MAIN, parent_commit=parent
            )
        return str(made.oid)

    def tag(self, name: str, commit: str, message: str) -> None:
        """Name a commit for good."""
        with self._asking():
            self._api.create_tag(self.repo, tag=name, tag_message=message, revision=commit, repo_type=KIND)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn what the client raises into what a person can act on; the token is never in it."""
        import httpx2  # noqa: PLC0415
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled  # noqa: PLC0415

        try:
            yield
        except HfHubHTTPError as error:
            raise self._refused(error.response.status_code, error.server_message or "") from error
        except HFValidationError as error:
            raise UsageError(f"--repo {self.repo}: {str(error).splitlines()[0]}") from error
        except OfflineModeIsEnabled as error:
            raise UsageError("HF_HUB_OFFLINE is set: unset it to publish") from error
        except (httpx2.HTTPError, ConnectionError, TimeoutError) as error:
            raise TransientError(f"{endpoint()} does not answer ({type(error).__name__}): is the network there?") from error
        except ValueError as error:  # how the client tells that the card is refused
            raise UsageError(f"{self.repo}: {self._hidden(str(error))}") from error
        except RuntimeError as error:  # how it tells that a file did not arrive
            raise TransientError(f"{self.repo}: {self._hidden(str(error))}") from error

    def _refused(self, status: int, says: str) -> UsageError | TransientError:
        said = f" ({self._hidden(says)})" if says else ""
        match status:
            case 401:
                return UsageError(
                    f"{endpoint()} does not accept the token in {TOKEN}{said}: make a new one with write permission"
                )
            case 403:
                return UsageError(
                    f"{self.repo}: the token in {TOKEN} may not write there{said}; choose a name under your own user or"
                    " organisation, or a token that may write"
                )
            case 404:
                return UsageError(f"{self.repo}: there is no such repository, or the token in {TOKEN} may not see it{said}")
            case _ if status in _CONFLICT:
                return TransientError(f"{self.repo} was changed by somebody else meanwhile{said}")
            case _ if status < 500 and status != 429:
                return UsageError(f"{self.repo}: the server refuses with status {status}{said}")
        return TransientError(f"{endpoint()} fails with status {status}{said}")

    def _hidden(self, text: str) -> str:
        return " ".join(text.replace(self.token, "…").split())


def endpoint() -> str:
    """Return where the Hub is: HF_ENDPOINT, or its own address."""
    from huggingface_hub import constants  # noqa: PLC0415

    return str(constants.ENDPOINT)


def _unchanged(items: Sequence[UploadFile], group: Sequence[Any]) -> None:
    for item, operation in zip(items, group, strict=True):
        hashed = operation.upload_info.sha256  # None for a small file that git itself will hold
        if hashed is not None and hashed.hex() != item.sha256:
            raise UsageError(f"{item.path} changed while it was read; python -m pipeline.versions verify tells more")
