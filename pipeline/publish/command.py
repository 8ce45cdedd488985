"""`python -m pipeline.publish --shards shards/ --version V --repo org/name`: a version on the Hub, whole or not at all.

Media that lie beside the rows go inside them, in a copy in the folder for temporary files (TMPDIR) that is gone at the end.
Data go first, card and manifest in one last commit, and a tag with the name of the version closes it: nothing is tagged before
the server lists every file by its hash. Whatever is killed is finished by the same command; what is there is not sent again.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.cli.arguments import publish_arguments
from pipeline.publish.hub import MAIN, TOKEN, Remote, Repository, endpoint
from pipeline.publish.leaks import guard, leaks
from pipeline.publish.selection import DATA, LAST, LISTED, MEDIA, Selection, UploadFile, selection
from schemas.errors import AffectoryError, UsageError
from schemas.versions.manifest import MANIFEST, SUMS, Manifest, intact
from schemas.versions.rows import opened

_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_TAG = re.compile(r"\w[\w.-]*")
_OURS = "Affectory: "
"""How the titles of our commits begin."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    args = publish_arguments().parse_args(argv)
    try:
        return _publish(args)
    except UsageError as error:
        sys.stderr.write(f"pipeline.publish: {error}\n")
        return 2
    except AffectoryError as error:
        sys.stderr.write(f"pipeline.publish: {error}\nNothing is tagged yet, what was sent is kept: the same command goes on.\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\npipeline.publish: stopped. What was sent is kept: the same command goes on from here.\n")
        return 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What is published, and as what."""

    name: str
    seal: str
    goods: Selection

    @property
    def says(self) -> str:
        """Return what the tag says: which local version this is."""
        return f"{_OURS}version {self.name}, seal {self.seal}"


def _publish(args: argparse.Namespace) -> int:
    if not _REPO.fullmatch(args.repo):
        raise UsageError(f"--repo {args.repo}: write it as organisation/name")
    version, manifest = opened(args.shards, args.version)
    if not _TAG.fullmatch(version.name) or version.name == MAIN:
        raise UsageError(f"--version {version.name}: cannot be a tag; letters, digits, '.', '_' and '-', and not {MAIN}")
    with tempfile.TemporaryDirectory(prefix="affectory-publish-") as room:
        return _released(args, _checked(version, manifest, args.allow, Path(room)))


def _released(args: argparse.Namespace, release: Upload) -> int:
    if args.dry_run:
        sys.stdout.write(_intent(release, args))
        return 0
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise UsageError(f"{TOKEN} is not set: make a token with write permission in the settings of your account and export it")
    repository = Repository(repo=args.repo, token=token)
    done = send(release, repository, private=args.private)
    sys.stdout.write(f"{args.repo} {done} {release.name}: {_size(release.goods.items)}\n")
    return 0


def _checked(version: Path, manifest: Manifest, allowed: Sequence[str], room: Path) -> Upload:
    _say(f"checking {version}")
    goods = selection(version, manifest, room)
    found = [str(leak) for leak in leaks(goods, guard(os.environ, allowed))]
    if found:
        lines = "\n  ".join(found[:LISTED] + [f"and {len(found) - LISTED} more"] * (len(found) > LISTED))
        raise UsageError(
            f"{version.name} holds what must not leave:\n  {lines}\n"
            "Mend where it comes from and build again; --allow TEXT lets a text pass that may be read by anybody"
        )
    return Upload(name=version.name, seal=manifest.seal, goods=goods)


def _intent(release: Upload, args: argparse.Namespace) -> str:
    kind = " (private)" if args.private else ""
    lines = [f"would publish {args.shards / release.name} as {args.repo}{kind} at {endpoint()}, tagged {release.name}"]
    for title, items in (("first", release.goods.data), ("then, in one commit", release.goods.last)):
        lines += [f"{title}: {_size(items)}", *(f"  {item.size:>14,}  {item.sha256}  {item.path}" for item in items)]
    return "\n".join([*lines, f"in all: {_size(release.goods.items)}; what the server has of it is not sent again"]) + "\n"


def send(release: Upload, repository: Repository, private: bool) -> str:
    """Publish; return what became of it in a word.

    Raises:
        UsageError: the tag is there with something else, or the repository is another one than was meant.
        TransientError: the world failed, or somebody else wrote meanwhile.
    """
    refs = repository.refs()
    if refs is not None and private and not repository.is_private():
        raise UsageError(f"{repository.repo} is public: make it private in its settings, or publish without --private")
    if refs is not None and release.name in refs.tags:
        if _whole(release.goods, repository.files(release.name)):
            return "already has"
        raise UsageError(
            f"{repository.repo} has a tag {release.name} with something else, and versions do not change; choose another --repo,"
            " or publish a version with another name"
        )
    if refs is None:
        _say(f"making {repository.repo}")
        repository.create(private)
        refs = repository.refs()
        if refs is None:
            raise UsageError(f"{repository.repo}: it is there, but the token in {TOKEN} may not see it; choose another --repo")
    head = refs.main
    there = repository.files(head)
    _refuse_foreign(release.goods, there, head, repository)
    head = _data(release, repository, there, head)
    head = _last(release, repository, head)
    if not _whole(release.goods, repository.files(head)):
        raise UsageError(f"{repository.repo}: the server does not list what was sent, so nothing is tagged; try again later")
    repository.tag(release.name, head, release.says)
    return "now has"


def _data(release: Upload, repository: Repository, there: Mapping[str, Remote], head: str) -> str:
    """Commit data that are not there and take away those of other versions; the manifest goes first of all and comes last."""
    items = _missing(release.goods.data, there)
    stale = _stale(release.goods, there)
    if not items and not stale:
        return head
    lying = [path for path in LAST if path in there and path != LAST[0]]
    return _commit(repository, items, [*stale, *lying], f"{_OURS}data of version {release.name}", head)


def _last(release: Upload, repository: Repository, head: str) -> str:
    there = repository.files(head)
    wanted = {item.path for item in release.goods.last}
    gone = [path for path in LAST if path in there and path not in wanted]
    items = _missing(release.goods.last, there)
    if not items and not gone:
        return head
    return _commit(repository, items, gone, release.says, head)


def _commit(repository: Repository, items: Sequence[UploadFile], gone: Sequence[str], title: str, head: str) -> str:
    additions: list[object] = []
    for done, group in repository.store(items):
        additions += group
        _say(f"{done} of {len(items)} files are there, the last one {items[done - 1].path}")
    return repository.commit(additions, gone, title, head)


def _refuse_foreign(goods: Selection, there: Mapping[str, Remote], head: str, repository: Repository) -> None:
    """Refuse to write over data that no publishing of ours has left."""
    changed = (item.path for item in goods.data if item.path in there and not there[item.path].holds(item))
    gone = {*_stale(goods, there), *changed}
    if gone and not repository.title(head).startswith(_OURS) and gone - _ours(there, head, repository):
        raise UsageError(f"{repository.repo} holds other data, which this would take away; choose another --repo")


def _ours(there: Mapping[str, Remote], head: str, repository: Repository) -> set[str]:
    """Return the files that a manifest of ours vouches for, whoever wrote the last commit; nothing where there is none."""
    if not {MANIFEST, SUMS} <= there.keys() or not intact(repository.content(MANIFEST, head)):
        return set()
    return {line.partition("  ")[2] for line in repository.content(SUMS, head).decode("utf-8", "replace").splitlines()}


def _stale(goods: Selection, there: Mapping[str, Remote]) -> list[str]:
    """Return the data in the repository that are not this version's."""
    wanted = {item.path for item in goods.data}
    return [path for path in sorted(there) if path.startswith((f"{DATA}/", f"{MEDIA}/")) and path not in wanted]


def _missing(items: Sequence[UploadFile], there: Mapping[str, Remote]) -> list[UploadFile]:
    return [item for item in items if item.path not in there or not there[item.path].holds(item)]


def _whole(goods: Selection, there: Mapping[str, Remote]) -> bool:
    extra = [path for path in LAST if path in there and path not in {item.path for item in goods.last}]
    return not _missing(goods.items, there) and not _stale(goods, there) and not extra


def _size(items: Sequence[UploadFile]) -> str:
    return f"{len(items)} files, {sum(item.size for item in items):,} bytes"


def _say(text: str) -> None:
    sys.stderr.write(f"publish: {text}\n")
