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

    def led(table: Any) -> Any:
        for place, name in enumerate(table.column_names):
            # Not a set: `datasets` names what it keeps by this code, and a set is another in each process.
            if name in ("video", "audio", "image", "frames"):
                held = table[name].to_pylist()
                files = [frame["image"] for frames in held for frame in frames or ()] if name == "frames" else held
                for file in files:
                    if file and (file["path"] or "").startswith("media/"):
                        file["path"] = "::".join((f"{folder}/{file['path']}", *archive))
                table = table.set_column(place, table.field(place), pa.array(held, table.field(place).type))
        return table

    return clips.with_format("arrow").map(led, batched=True, features=clips.features).with_format(None)
