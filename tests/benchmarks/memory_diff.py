"""Peak memory of `versions diff` over two versions of 10,000 and of 1,000,000 made-up clips.

Every row group differs in a few clips, so none is passed over because it is the same.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.versions.manifest import MANIFEST, read_manifest, sealed
from tests.support.versioned import bare, routed, version

EACH, SOURCES = 1000, 10
"""Clips of one source, of which one in a hundred is said anew, and sources of one shard."""


def made(out: Path, name: str, records: int, share: int) -> None:
    """Write a version whose rows repeat those of a small one under other ids."""
    place = version(out, name, [routed(bare(k), "accept") for k in range(100)])
    (small,) = read_manifest(place).files
    table = pq.read_table(place / small.file)
    spoken = table["transcript"].to_pylist()
    if share:
        spoken[::share] = ["said anew"] * len(spoken[::share])
    table = table.set_column(table.schema.get_field_index("transcript"), table.schema.field("transcript"), [spoken])
    table = pa.concat_tables([table] * (EACH // 100)).combine_chunks()
    (place / small.file).unlink()
    count = records // EACH // SOURCES
    files = [f"data/train-{number:05d}-of-{count:05d}.parquet" for number in range(count)]
    for number, file in enumerate(files):
        with pq.ParquetWriter(place / file, table.schema, compression="zstd") as writer:
            for source in range(SOURCES):
                writer.write_table(_renamed(table, number * SOURCES + source))
    manifest = read_manifest(place)
    shards = tuple(replace(small, file=file, rows=EACH * SOURCES) for file in files)
    (place / MANIFEST).write_bytes(sealed(replace(manifest, files=shards)))


def _renamed(table: pa.Table, number: int) -> pa.Table:
    ids = pa.array([f"{number:08x}{k:08x}" for k in range(EACH)])
    source = table["source"].combine_chunks()
    fields = [source.field(k) for k in range(source.type.num_fields)]
    fields[source.type.get_field_index("source_id")] = pa.array(np.full(EACH, f"{number:016x}"))
    named = pa.StructArray.from_arrays(fields, fields=list(source.type))
    return table.set_column(table.schema.get_field_index("clip_id"), table.schema.field("clip_id"), ids).set_column(
        table.schema.get_field_index("source"), table.schema.field("source"), named
    )


def run(out: str) -> None:
    """Compare, in this process; print peak memory in MiB, seconds and what was found."""
    from pipeline.versions.differences import differences
    from pipeline.versions.membership import Version
    from schemas.versions.rows import opened

    begun = time.monotonic()
    found = Counter(change.kind for change in differences(*(Version(*opened(Path(out), name)) for name in ("v1", "v2"))))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps([peak, round(time.monotonic() - begun), found]))


def main() -> None:
    """Compare both sizes, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", metavar="OUT", help="only compare, in this process")
    parser.add_argument("--most", type=int, default=1_000_000)
    args = parser.parse_args()
    if args.run:
        run(args.run)
        return
    for records in (10_000, args.most):
        with tempfile.TemporaryDirectory() as folder:
            made(Path(folder), "v1", records, 0)
            made(Path(folder), "v2", records, 100)
            command = [sys.executable, "-m", "tests.benchmarks.memory_diff", "--run", folder]
            peak, seconds, found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            print(f"{records:>9} clips: peak {peak} MiB, {seconds} s, {found}", flush=True)


if __name__ == "__main__":
    main()
