"""Where the media of a version that keeps them beside its rows are found, wherever the version lies.

`datasets` opens a path as it stands in the row, and a row cannot know where its version lies. Of all its builders only those of
folders (`videofolder`, `audiofolder`, `imagefolder`) look beside a file, each for one kind of media; our rows hold three.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa


def located(clips: Any, version: str | Path) -> Any:
    """Return clips that `load_dataset` gave, with media that decode from any working directory.

    `clips` is a split or a dict of splits, whole or streamed; `version` is the folder that they came from, or its address, as
    `zip://v1::/data/v1.zip` for the folder v1 in an archive. Media inside the rows, and those located before, stay as they are.
    """
    if isinstance(clips, dict):
        return type(clips)({split: located(part, version) for split, part in clips.items()})
    folder, *archive = str(version if "://" in str(version) else Path(version).resolve()).split("::")

    def rows(table: Any) -> Any:
        found = table.to_pylist()
        for row in found:
            stills = [frame["image"] for frame in row.get("frames") or ()]
            for file in (row.get("video"), row.get("audio"), row.get("image"), *stills):
                if file and (file["path"] or "").startswith("media/"):
                    file["path"] = "::".join((f"{folder}/{file['path']}", *archive))
        return pa.Table.from_pylist(found, schema=table.schema)

    return clips.with_format("arrow").map(rows, batched=True, features=clips.features).with_format(None)
