"""What the voice's head says of speech that is not acted, and what docs/accuracy.md says that it says."""

import re
from pathlib import Path

import numpy as np
import pytest

from annotators.voice.head import Verdict
from schemas.errors import UsageError
from tests.accuracy import voice
from tests.accuracy.corpora import CORPORA, corpora_in, sampled

PAGE = (Path(__file__).parents[1] / "docs" / "accuracy.md").read_text(encoding="utf-8")
QUOTED = {
    tuple(cell.strip() for cell in line.strip("|").split("|")) for line in re.findall(r"^\|.*\|$", PAGE, flags=re.MULTILINE)
}


def verdict(arousal, label=None, sure=0.9):
    scores = None if label is None else np.where(np.arange(4) == voice.LABELS.index(label), sure, (1 - sure) / 3)
    return Verdict(arousal, scores, None if label else "made so")


def test_only_labels_given_count_as_right_or_wrong_and_all_utterances_for_arousal():
    truth = ["anger", "anger", "sadness", "neutral", "boredom", "fear"]
    said = [verdict(0.9, "anger"), verdict(0.5), verdict(-0.5, "anger"), verdict(-0.9), verdict(-0.8, "neutral"), verdict(0.1)]
    row = voice.scored("made", truth, said)
    assert (row.items, row.given, row.accuracy) == (6, 3, pytest.approx(2 / 3))
    assert row.low < 2 / 3 < row.high
    assert row.ece == pytest.approx(0.9 - 2 / 3)
    assert row.arousal == 1.0
    assert row.other == pytest.approx(2 / 6)
    assert row.recall == pytest.approx(2 / 3)
    assert voice.given(row).items == 3


def test_where_no_label_is_given_nothing_is_said_of_labels():
    row = voice.scored("made", ["anger", "neutral"], [verdict(-0.1), verdict(0.1)])
    assert (row.given, row.accuracy, row.ece, row.recall, row.valence) == (0, None, None, None, None)
    assert row.arousal == 0.0
    assert row.swing == 0.0


def test_a_corpus_is_found_by_the_name_of_its_repository_or_by_its_list(tmp_path):
    (tmp_path / "URDU-Dataset" / "Angry").mkdir(parents=True)
    (tmp_path / "URDU-Dataset" / "Angry" / "SM1_F10_A010.wav").touch()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "labels.csv").write_text("file,label,speaker\na.wav,anger,x\n")
    urdu, mine = corpora_in(tmp_path)
    assert [(one.label, one.speaker) for one in urdu.read(tmp_path / urdu.folder)] == [("anger", "SM1")]
    assert [(one.path, one.label) for one in mine.read(tmp_path / mine.folder)] == [(tmp_path / "mine" / "a.wav", "anger")]
    with pytest.raises(UsageError, match=r"labels\.csv"):
        corpora_in(tmp_path / "mine")


def test_a_sample_does_not_depend_on_the_order_of_files(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "labels.csv").write_text("file,label,speaker\n" + "".join(f"{k}.wav,anger,x\n" for k in range(9)))
    (mine,) = corpora_in(tmp_path)
    found = tuple(mine.read(tmp_path / "mine"))
    assert sampled(found, 4) == sampled(found[::-1], 4)
    assert len(sampled(found, 4)) == 4


def test_the_page_names_each_corpus_with_its_terms():
    for one in CORPORA:
        assert f"`{one.repository.partition('@')[0]}` @{one.repository.partition('@')[2]}" in PAGE
        assert one.terms in PAGE


@pytest.mark.slow
def test_everyday_speech_gets_hardly_a_label_and_no_valence_to_speak_of():
    for row in voice.everyday_rows():
        assert row.items >= 150
        assert row.other <= 0.1
        assert row.swing <= 0.15
        assert voice.cells(row) in QUOTED
