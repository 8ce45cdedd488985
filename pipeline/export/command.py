"""`python -m pipeline.export [VERSION] --format NAME --out DIR`: a version in another form, whole or not at all."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.cli.arguments import export_arguments
from pipeline.export.exporter import Exporter, configured_exporter, exporter_kind, exporters
from pipeline.export.outlet import Outlet
from pipeline.rights.leaving import TERMS, Leaving, leaving
from pipeline.versions.integrity import damages
from schemas.errors import AffectoryError, UsageError
from schemas.record import Clip
from schemas.versions.manifest import Manifest
from schemas.versions.rows import ACCEPT, FOLDERS, opened, read_file

NOTE = "export.json"
"""What was written, out of what, and what was left out."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 1 where the world failed, 2 for bad usage."""
    args = export_arguments().parse_args(argv)
    try:
        sys.stdout.write(_listed(args.format) if args.list else _exported(args))
    except (AffectoryError, OSError) as error:
        sys.stderr.write(f"pipeline.export: {error}\n")
        return 2 if isinstance(error, UsageError) else 1
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which clips of a version are asked for."""

    decision: str = ACCEPT
    split: str | None = None

    def files(self, version: Path) -> list[Path]:
        """Return the files that hold them.

        Raises:
            UsageError: there are none.
        """
        found = sorted((version / FOLDERS[self.decision]).glob("*.parquet"))
        mine = [file for file in found if self.split in {None, file.name.partition("-")[0]}]
        if not mine:
            splits = ", ".join(dict.fromkeys(file.name.partition("-")[0] for file in found)) or "no clips"
            raise UsageError(f"{version} has no clip of {self.decision}{f', split {self.split}' if self.split else ''}: {splits}")
        return mine


def export(version: Path, manifest: Manifest, exporter: Exporter, wanted: Wanted, out: Path) -> dict[str, Any]:
    """Write what may leave of a version to `out`, which appears whole; return the note that lies in it as `export.json`.

    Raises:
        UsageError: the version is damaged, there is nothing to write, `out` holds something else, or the exporter fails.
        OSError: the disk is full, or a folder cannot be written.
    """
    rule = leaving(version, manifest)
    asked: dict[str, Any] = {
        "format": {"name": exporter.name, "version": exporter.version, "settings": exporter.settings},
        **{"version": version.name, "seal": manifest.seal, "decision": wanted.decision, "split": wanted.split},
        "withdrawn": rule.state,
    }
    if (note := _standing(out, asked)) is not None:
        return note
    if found := next(iter(damages(version)), None):
        raise UsageError(f"{version}: {found.file} {found.says}; python -m pipeline.versions verify {version.name} tells all")
    files, kept = wanted.files(version), Counter[str]()
    with tempfile.TemporaryDirectory(dir=_parent(out), prefix=f".{out.name}.") as scratch:
        outlet = Outlet(Path(scratch) / "made", version)
        outlet.folder.mkdir()
        clips = _Leaving(files, rule, exporter.columns, kept)
        try:
            exporter.write(iter(clips), outlet)
        except (AffectoryError, OSError):
            raise
        except Exception as error:
            raise UsageError(f"the exporter {exporter.name} fails: {type(error).__name__}: {error}") from error
        note = asked | _note(manifest, exporter, clips, outlet)
        (outlet.folder / NOTE).write_text(json.dumps(note, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
        if out.is_dir():
            out.rmdir()
        outlet.folder.rename(out)
    return note


class _Leaving:
    """The clips that may leave; counts those that may not, by reason, and what is known of the sources of the others."""

    def __init__(self, files: Sequence[Path], rule: Leaving, columns: Sequence[str] | None, kept: Counter[str]) -> None:
        self._files, self._rule, self.kept, self.clips = files, rule, kept, 0
        self._columns = None if columns is None else tuple(dict.fromkeys((*TERMS, *columns)))
        self.sources: dict[str, dict[str, str | None]] = {}

    def __iter__(self) -> Iterator[Clip]:
        for clip in (clip for file in self._files for clip in read_file(file, self._columns, batch=8)):
            self.clips += 1
            if (reason := self._rule.kept_back(clip)) is not None:
                self.kept[reason] += 1
                continue
            stated = {"file": clip.source.file, "licence": clip.source.licence, "consent": clip.source.consent}
            self.sources[clip.source.source_id] = stated
            yield clip


def _note(manifest: Manifest, exporter: Exporter, clips: _Leaving, outlet: Outlet) -> dict[str, Any]:
    held = sum(clips.kept.values()) + sum(outlet.left_out.values())
    if clips.clips == held:
        reasons = "; ".join(f"{count} because {reason}" for reason, count in sorted((clips.kept + outlet.left_out).items()))
        raise UsageError(f"nothing is left to write: {reasons or 'there is no clip'}")
    return {
        "rows_sha256": manifest.rows_sha256,
        "clips": {"in": clips.clips, "out": clips.clips - held, "left_out": dict(sorted((clips.kept + outlet.left_out).items()))},
        "sources": dict(sorted(clips.sources.items())),
        "omits": exporter.omits,
    }


def _standing(out: Path, asked: dict[str, Any]) -> dict[str, Any] | None:
    """Return the note of the same export where it stands there already; None where there is nothing."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    try:
        note: dict[str, Any] = dict(json.loads((out / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        note = {}
    if {key: note.get(key) for key in asked} != json.loads(json.dumps(asked)):
        if note.get("version") == asked["version"] and note.get("withdrawn") != asked["withdrawn"]:
            raise UsageError(f"--out {out} holds an export from before something was withdrawn; delete it first")
        raise UsageError(f"--out {out} holds something else, which is left as it is; choose another folder")
    return note


def _parent(out: Path) -> Path:
    out.absolute().parent.mkdir(parents=True, exist_ok=True)
    return out.absolute().parent


def _exported(args: argparse.Namespace) -> str:
    if args.format is None or args.out is None:
        raise UsageError("--format and --out are needed; --list names the formats")
    pairs = [text.partition("=") for text in args.set]
    if wrong := next((text for text, (_, sign, _) in zip(args.set, pairs, strict=True) if not sign), None):
        raise UsageError(f"--set {wrong}: write KEY=VALUE")
    exporter = configured_exporter(args.format, {key: value for key, _, value in pairs})
    version, manifest = opened(args.shards, args.version)
    note = export(version, manifest, exporter, Wanted(decision=args.decision, split=args.split), args.out)
    lines = [f"{args.out}: {note['clips']['out']} of {note['clips']['in']} clips of {version.name} as {exporter.name}"]
    lines += [f"  left out: {count}, {reason}" for reason, count in note["clips"]["left_out"].items()]
    return "\n".join(lines) + "\n"


def _listed(name: str | None) -> str:
    """Return the formats, a line each; of one format, its settings as they are by default."""
    if name is None:
        return "".join(f"{one:<16}{exporter_kind(one).says}\n" for one in exporters())
    kind = exporter_kind(name)
    settings = configured_exporter(name, {}).settings
    return f"{name:<16}{kind.says}\n" + "".join(f"  --set {key}={value}\n" for key, value in settings.items())
