"""What is found of films that are encoded again, and what is found where there is nothing."""

import argparse
import tempfile
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from pipeline.split.duplicates import DuplicateSettings, matches
from tests.support.encoded import WAYS, encoded, prints
from tests.support.media import media

FILMS = ("crew", "speech", "woman", "man", "intro", "carphone")
SETTINGS = DuplicateSettings()


def main() -> None:
    """Print two tables."""
    argparse.ArgumentParser(prog="python -m tests.benchmarks.duplicates", description=__doc__).parse_args()
    told = {name: prints(media(name)) for name in FILMS}
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'way':24} {'films':>5} {'same':>5} {'linked':>6}  share of the stretch found  largest error of its start")
        for way in WAYS:
            print(_row(way, told, Path(folder)))
    print("\npieces of one film, of other moments: pairs, taken for the same, linked")
    for name, seconds in (("webcam", 15), ("webcam", 5), ("crew", 8), ("sintel", 8), ("woman", 5)):
        film = told.get(name) or prints(media(name))
        for streams in ("audio video", "video"):
            parts = pieces([one for one in film if one.stream in streams], seconds)
            found = matches(parts, SETTINGS)
            same = {(match.first, match.second) for match in found if match.same}
            linked = {(match.first, match.second) for match in found}
            pairs = len(list(combinations(parts, 2)))
            print(f"{name:8} {seconds:3} s  {streams:12} {pairs:4} {len(same):4} {len(linked):4}")


def _row(way: str, told: dict, folder: Path) -> str:
    cut = {"first 2 s cut off": 2.0, "first 1.37 s cut off": 1.37}.get(way, 0.0)
    films = same = linked = 0
    shares, errors = [], []
    for name, film in told.items():
        copy = encoded(media(name), way, folder)
        if copy is None:
            continue
        films += 1
        found = matches([film, prints(copy)], SETTINGS)
        linked += bool(found)
        if kept := [match for match in found if match.same]:
            same += 1
            length = max(len(one.codes) * 4 / one.bits / one.rate + one.reach for one in film if one.codes) - cut
            shares.append(min(1.0, sum(match.seconds for match in kept) / length))
            errors.append(max(abs(match.offset + cut) for match in kept))
    share = f"{min(shares):6.2f} to {max(shares):4.2f}" if shares else ""
    error = f"{max(errors):6.2f} s" if errors else ""
    return f"{way:24} {films:5} {same:5} {linked:6}  {share:26}  {error}"


def pieces(film: list, seconds: float) -> list[tuple]:
    """Return fingerprints of each stretch of so many seconds; codes that reach into the next one are left out."""
    length = min(len(one.codes) * 4 / one.bits / one.rate for one in film)
    cuts = []
    for number in range(int(length / seconds)):
        part = []
        for one in film:
            sign = one.bits // 4
            start, end = (round((number * seconds + at) * one.rate) * sign for at in (0, seconds))
            reach = round(one.reach * one.rate) * sign if one.stream == "audio" else 0
            part.append(replace(one, codes=one.codes[start : max(start, end - reach)]))
        cuts.append(tuple(part))
    return cuts


if __name__ == "__main__":
    main()
