"""The ledger holds all that became of the sources, in an order that does not depend on the run."""

import itertools

from pipeline.release.ledger import LEDGER, Grouped, Ledger, WriteLedger
from pipeline.release.shards import ShardFile
from schemas.record import DeadLetter
from schemas.values import Span


def shard(file):
    return ShardFile(file=file, rows=1, bytes=2, sha256="0" * 64, seconds=1.5, rows_sha256="1" * 64)


def letter(source, start=None):
    span = None if start is None else Span(start=start, end=start + 1)
    return DeadLetter(source_id=source, file=f"{source}.mp4", clip_id=None, step="probe", reason="no", span=span)


SHARDS = (shard("data/test-0.parquet"), shard("data/train-0.parquet"), shard("review/train-0.parquet"))
LETTERS = (letter("a"), letter("a", 2.0), letter("b"))
GROUPED = Grouped(splits={"a": "train"}, groups={"a": "a"}, facts=None)


def written(place, told):
    WriteLedger(place).process((None, told))
    return place.read_bytes()


def test_what_was_told_in_any_order_is_written_in_one(tmp_path):
    told = (*SHARDS[:2], *LETTERS[:2], GROUPED)
    found = {written(tmp_path / "ledger.json", order) for order in itertools.permutations(told)}
    assert len(found) == 1
    assert LEDGER.validate_json(found.pop()) == Ledger(shards=SHARDS[:2], dead=LETTERS[:2], grouped=GROUPED)


def test_shards_stand_by_file_and_letters_by_source_and_time(tmp_path):
    ledger = LEDGER.validate_json(written(tmp_path / "ledger.json", (*SHARDS[::-1], *LETTERS[::-1])))
    assert ledger == Ledger(shards=SHARDS, dead=LETTERS, grouped=None)


def test_a_later_ledger_takes_the_place_of_an_earlier_one_whole(tmp_path):
    written(tmp_path / "ledger.json", (*SHARDS, *LETTERS))
    assert LEDGER.validate_json(written(tmp_path / "ledger.json", ())) == Ledger(shards=(), dead=())
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.json"]


def test_why_nothing_could_be_grouped_is_told(tmp_path):
    refused = Grouped(splits={}, groups={}, facts=None, refused="a.mp4 and b.mp4: stated apart")
    assert LEDGER.validate_json(written(tmp_path / "ledger.json", (refused,))).grouped == refused
