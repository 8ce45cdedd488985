"""The card: the Hub and `datasets` take it, and each of its numbers is counted again here from the shards, by other code."""

import re
import shutil
import tomllib
from collections import Counter
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from datasets import Audio, Features, Image, Video, load_dataset
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard
from scipy.stats import beta

from pipeline.card.card import CARD, card, main
from pipeline.card.croissant import CROISSANT, croissant
from pipeline.plan import read_plan
from pipeline.stats.collect import card_facts
from pipeline.stats.counting import SHOWN, VALUES, Count
from pipeline.stats.credits import measurements
from pipeline.stats.facts import CardFacts, Published
from schemas.claims import Target
from schemas.record import Clip
from schemas.table import markdown
from schemas.versions.manifest import MANIFEST, read_manifest
from tests.support.carded import CLIPS, REVIEWS, cells, frame, made, sections, seen, tables, version
from tests.support.reported import clip
from tests.support.walking import gait, walking

LABELS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
NAMES = {"data": "accepted", "review": "for people to review", "reject": "rejected"}


@pytest.fixture(scope="module")
def place(media_files, tmp_path_factory):
    judge = replace(read_plan("embedded").judge, judged=True)
    return version([made(k, judge) for k in range(CLIPS)], media_files, tmp_path_factory.mktemp("carded"))


@pytest.fixture(scope="module")
def told(place):
    manifest = replace(read_manifest(place), reviews=REVIEWS)
    return card(card_facts(place, manifest, "v1", Published(contact="data@example.org")))


@pytest.fixture(scope="module")
def said(told):
    return sections(told)


@pytest.fixture(scope="module")
def every(place):
    return frame(place)


@pytest.fixture(scope="module")
def public(place):
    return frame(place, "data")


def seconds(rows):
    return sum(span["end"] - span["start"] for span in rows["actual"])


def hours(rows):
    return f"{seconds(rows) / 3600:.2f}"


def share(part, whole):
    return f"{100 * part / whole:.1f} %"


def fused(row_labels):
    return next((label for label in reversed(list(row_labels)) if label["modality"] == "all"), None)


def top(label):
    return sorted(zip(-label["scores"], label["names"], strict=True))[0][1]


def listed(counts):
    return ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def test_the_hub_and_datasets_take_its_metadata(told, place):
    data = DatasetCard(told).data
    (config,) = MetadataConfigs.from_dataset_card_data(data).items()
    assert config == ("default", {"data_files": [{"split": s, "path": f"data/{s}-*.parquet"} for s in ("test", "train")]})
    (info,) = DatasetInfosDict.from_dataset_card_data(data).values()
    assert info.features == Features.from_arrow_schema(pq.read_schema(next(place.glob("data/*"))))
    for split in info.splits.values():
        (file,) = place.glob(f"data/{split.name}-*")
        footer = pq.read_metadata(file)
        assert split.num_examples == footer.num_rows
        assert split.num_bytes == sum(footer.row_group(n).total_byte_size for n in range(footer.num_row_groups))
    assert info.download_size == sum(file.stat().st_size for file in place.glob("data/*"))
    assert info.dataset_size == sum(split.num_bytes for split in info.splits.values())


def test_its_metadata_say_what_the_rows_hold(told, public):
    data = DatasetCard(told).data
    assert data.language == sorted({claim["language"] for many in public["languages"] for claim in many})
    assert data.license == ["cc-by-4.0", "other", "unknown"]
    assert data.annotations_creators == ["machine-generated", "other"]
    assert data.size_categories == ["n<1K"]
    assert data.task_categories == [
        "video-classification",
        "audio-classification",
        "video-text-to-text",
        "automatic-speech-recognition",
    ]
    assert data.tags == ["video", "audio", "image", "emotion-recognition", "ekman7", "face", "voice", "words", "rationale"]


def test_load_dataset_reads_the_folder_by_the_card(told, place, public, tmp_path):
    (place / CARD).write_text(told)
    loaded = load_dataset(str(place), cache_dir=str(tmp_path))
    assert {name: len(split) for name, split in loaded.items()} == dict(public["split"].value_counts())
    (kinds,) = {tuple(type(split.features[name]) for name in ("video", "audio", "image")) for split in loaded.values()}
    assert kinds == (Video, Audio, Image)
    ids = [clip_id for split in sorted(loaded) for clip_id in loaded[split]["clip_id"]]
    assert sorted(ids) == sorted(public["clip_id"])
    assert not set(ids) & set(frame(place, "review")["clip_id"])


@pytest.fixture
def moved(media_files, tmp_path):
    """A version with its media beside the rows, moved since it was written."""
    judge = replace(read_plan("embedded").judge, judged=True)
    return version([made(k, judge) for k in range(12)], media_files, tmp_path / "made", "reference").rename(tmp_path / "moved")


def test_the_code_on_the_card_decodes_media_beside_the_rows_from_anywhere_and_out_of_an_archive(moved, tmp_path, monkeypatch):
    whole, packed = re.findall(r"```python\n(.*?)```", (moved / CARD).read_text(), re.DOTALL)
    assert not re.search(r"^(?:from|import) (?!pathlib|typing|pyarrow|datasets)", whole, re.MULTILINE), "it needs nothing of ours"
    shutil.copytree(moved, tmp_path / "v1")
    archive = shutil.make_archive(str(tmp_path / "v1"), "zip", tmp_path, "v1")
    shutil.rmtree(tmp_path / "v1")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.chdir("/")
    wanted, names = frame(moved, "data"), {}
    split = re.search(r'split="(\w+)"', whole)[1]
    wanted = wanted[wanted["split"] == split]
    assert len(wanted) > 0
    for code in (whole.replace("path/to/this/folder", str(moved)), packed.replace("/full/path/to/v1.zip", archive)):
        exec(code, names)
        ids = [clip["clip_id"] for clip in names["clips"] if clip["audio"].get_all_samples().duration_seconds > 3.9]
        assert sorted(ids) == sorted(wanted["clip_id"])


def test_the_code_on_the_card_of_a_version_with_media_in_its_rows_is_one_call(place):
    (code,) = re.findall(r"```python\n(.*?)```", (place / CARD).read_text(), re.DOTALL)
    assert code.splitlines() == [
        "from datasets import load_dataset",
        "",
        'clips = load_dataset("path/to/this/folder", split="test")',
    ]


def test_the_first_lines_and_the_axes_of_the_survey(said, public, place):
    manifest = read_manifest(place)
    text = said[""]
    assert (
        f"**{len(public)} clips**, {hours(public)} h, from {public['source'].map(lambda s: s['source_id']).nunique()} sources"
        in text
    )
    assert f"`{manifest.affectory}`" in text and f"`{manifest.plan_hash}`" in text and f"`{manifest.rows_sha256[:16]}`" in text
    axes = dict(tables(text)[0])
    decided = sum(any(one["kind"] == "decision" for one in many) for many in public["reviews"])
    lengths = [span["end"] - span["start"] for span in public["actual"]]
    spoken = Counter(
        " + ".join(sorted(claim["language"] for claim in many)) or source["language"]
        for many, source in zip(public["languages"], public["source"], strict=True)
    )
    assert set(axes.pop("language").split(", ")) == {f"{name or 'not known'} {n}" for name, n in spoken.items()}
    assert axes == {
        "description": f"yes: {len(public)} of {len(public)} clips have a rationale",
        "number of labels": f"7 (ekman7: {', '.join(LABELS)})",
        "annotation manner": f"Model-led + Human-assisted: people decided {decided} of {len(public)} clips",
        "domain": "as stated for each source, see [origin](#groups)",
        "hours": hours(public),
        "egocentric": "not recorded",
        "length of a clip": f"{min(lengths):.1f} to {max(lengths):.1f} s, mean {sum(lengths) / len(lengths):.1f} s",
        **{f"clips with {name}": str(public[name].notna().sum()) for name in ("video", "audio", "image", "transcript")},
    }


def test_each_split_is_counted(said, public):
    expected = [
        (split, str(len(rows)), hours(rows), listed(Counter(top(label) for many in rows["labels"] if (label := fused(many)))))
        for split, rows in public.groupby("split")
    ]
    assert tables(said["Use"]) == [expected]
    assert 'split="test"' in said["Use"]


def test_the_funnel_adds_up_and_names_its_reasons(said, every, place):
    ledger = read_manifest(place).ledger
    stages, reasons = tables(said["What became of everything"])
    assert stages[:2] == [
        (
            "sources",
            str(ledger.sources),
            f"{ledger.sources_with_clips} gave clips, {ledger.dead_sources} could not be used, 0 were copies",
        ),
        ("clips", str(ledger.clips), f"{ledger.dead_clips} could not be used"),
    ]
    by_folder = {folder: every[every["folder"] == folder] for folder in NAMES}
    assert stages[2:] == [
        (NAMES[folder], str(len(rows)), f"{share(len(rows), len(every))} of the clips that could be used, {hours(rows)} h")
        for folder, rows in by_folder.items()
    ]
    found = Counter(
        (NAMES[folder], reason)
        for folder, many in zip(every["folder"], every["routes"], strict=True)
        for reason in {re.sub(r"\d+(\.\d+)?", "…", one) for one in many[-1]["reasons"]}
    )
    dead = pq.read_table(next(place.glob("dead/*"))).to_pylist()
    found.update(("dead letter", re.sub(r"\d+(\.\d+)?", "…", f"{one['step']}: {one['reason']}")) for one in dead)
    shown = {(where, reason): int(n) for where, n, reason in reasons if n}
    assert shown.items() <= found.items()
    assert ("dead letter", "probe: no | media after … s") in shown
    for where in {where for where, _ in found}:
        mine = [(where, reason) in shown for (there, reason) in found if there == where]
        rest = [reason for there, n, reason in reasons if there == where and not n]
        assert rest == ([f"and {len(mine) - 12} other reasons"] if len(mine) > 12 else [])
        assert sum(mine) == min(12, len(mine))


def test_labels_are_counted_for_each_modality(said, public):
    (lines,) = tables(said["Labels"])
    assert [line[0] for line in lines] == ["all together", "face", "voice", "words"]
    for name, clips, *told in lines:
        modality = "all" if name == "all together" else name
        mine = [label for many in public["labels"] for label in many if label["modality"] == modality]
        assert int(clips) == len(mine)
        tops = Counter(top(label) for label in mine)
        for label, cell in zip(LABELS, told, strict=True):
            mean = np.mean([dict(zip(one["names"], one["scores"], strict=True)).get(label, 0.0) for one in mine])
            n, of = re.fullmatch(r"(\d+) \((.+)\)", cell).groups()
            assert (int(n), float(of)) == (tops[label], pytest.approx(mean, abs=0.006))
    assessed = [many[-1] for many in public["assessments"] if len(many)]
    assert f"together: {listed(Counter(one['category'] for one in assessed))}." in seen(said["Labels"])
    assert f"others: {listed(Counter(one['outlier'] or 'none' for one in assessed))}." in seen(said["Labels"])


def test_agreement_is_what_the_manifest_holds(said):
    assert tables(said["Agreement"]) == [[("all", "12", "27", "0.61", "71.0 %"), ("valence", "9", "18", "–", "–")]]
    assert (
        "2 people gave 31 answers about 14 clips: 11 are decided, 2 disputed, 1 wait for more answers, 1 cannot be judged."
        in seen(said["Agreement"])
    )


def test_the_error_bound_is_that_of_the_audited_rows(said, every):
    drawn = every[[many[-1]["audit"] for many in every["routes"]]]
    decided = [one for many in drawn["reviews"] for one in many if one["kind"] == "decision"]
    right, wrong = (sum(one["outcome"] == outcome for one in decided) for outcome in ("accepted", "edited"))
    cannot = sum(one["cannot"] is not None for one in decided)
    text = " ".join(said["Errors of labels that no person has seen"].split())
    bound = beta.ppf(0.95, wrong + 1, right)
    assert min(right, wrong, cannot) > 0
    assert f"At most **{share(bound, 1)}** of" in text and "95 % confidence" in text
    assert f"a hash drew {len(drawn)} of these clips" in text
    assert f"of {right + wrong} that they gave a label to they changed {wrong}." in text
    assert f"{cannot} cannot be judged" in text and f"{len(drawn) - right - wrong - cannot} wait for their answers" in text


def test_groups_are_counted_whatever_their_decision(said, every):
    (lines,) = tables(said["Groups"])
    source = pd.DataFrame(list(every["source"]), index=every.index)
    view = [
        {face["track"]: face["view"] for face in faces}.get(targets[-1]["track"] if len(targets) else None)
        for faces, targets in zip(every["faces"], every["targets"], strict=True)
    ]
    spoken = [" + ".join(sorted(one["language"] for one in many)) or None for many in every["languages"]]
    values = {
        "language": pd.Series(spoken).fillna(source["language"]).fillna("not known"),
        **{name: source[name].fillna("not stated") for name in ("licence", "consent", "origin", "streams")},
        "speakers in the source": every["speakers"].map(len).astype(str),
        "view of the face": pd.Series(view).fillna("the face is not seen"),
    }
    expected = set()
    for name, column in values.items():
        for value, rows in every.groupby(column):
            shares = [share((rows["folder"] == folder).sum(), len(rows)) for folder in NAMES]
            ambiguous = [many[-1]["ambiguity"] for many in rows["assessments"] if len(many)]
            expected.add(
                (name, value, str(len(rows)), *shares, hours(rows[rows["folder"] == "data"]), f"{np.nanmean(ambiguous):.2f}")
            )
    assert set(lines) == expected
    assert len(lines) == len(expected)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"state": "absent"}, None),
        ({"state": "not_looked"}, "whose face it is cannot be told"),
        (None, "whose face it is cannot be told"),
    ],
)
def test_a_face_is_not_called_unseen_while_faces_were_not_looked_at(more, told):
    target = Target(by="targets.made@1#0", speaker="S0", track=None, score=None, reason="made so", **(more or {}))
    count = Count("ekman7")
    count.add("accept", "train", clip(0, targets=(target,) if more is not None else ()))
    assert list(count.values["view of the face"].known) == [told]


def test_models_come_with_hash_and_licence_and_what_was_measured_of_them(said, place):
    table = tomllib.loads(files("annotators.models").joinpath("models.toml").read_text())
    licences = {model["name"]: model["licence"] for model in table["models"]}
    authors = read_manifest(place).plan["annotators"]
    models, accuracy, learned = tables(said["Models"])
    assert models == [
        (author["name"], model["name"], licences[model["name"]], model["sha256"][:16])
        for author in authors
        for model in author["models"]
    ]
    assert learned == [("route.conflict", "0.30", "0.35", "11", "balanced", "0.700", "0.810")]
    assert {line[0] for line in accuracy} == {one.annotator for one in measurements()}


AMONG = ", one such clip among true ones"


def test_what_was_measured_is_what_the_page_says():
    from tests.test_readme import PAGES

    lines = [cells(line) for line in PAGES["accuracy.md"].splitlines() if line.startswith("|")]
    emotion = {"labels.face_expression": "face", "labels.voice_affect": "voice", "labels.words_minilm": "words"}
    for one in measurements():
        numbers = (one.accuracy, one.macro_f1, one.calibration_error, one.commonest, one.recall)
        told = tuple("" if number is None else f"{number:.2f}" for number in numbers)
        if one.word_error is not None:
            assert ("all", "19", str(one.items), f"{one.word_error:.1%}") in lines
        elif one.diarization_error is not None:
            assert any(line[:3] == ("test", str(one.items), f"{one.diarization_error:.2f}") for line in lines)
        elif one.found is not None or one.false_claims is not None:
            share = one.false_claims if one.found is None else one.found
            among = one.on.endswith(AMONG)
            (line,) = [line for line in lines if line[0] == one.on.removesuffix(AMONG).rpartition(": ")[2]]
            count = int(line[2 if among else 1].partition(" of ")[0])
            assert (count, one.items) == (round(share * one.items), 65), one
        elif one.sent is not None:
            (line,) = [line for line in lines if f"planted joins: {line[0]}" == one.on]
            assert (line[1], line[5]) == (str(one.items), f"{one.sent_real:.0%}")
            assert round(int(line[4]) / one.items, 3) == one.sent
        elif one.labelled is not None:
            (line,) = [line for line in lines if line[0] == one.on]
            assert (line[1], line[2], line[7]) == (str(one.items), f"{one.labelled:.1%}", f"{one.arousal_auc:.2f}")
            assert (line[3].partition(" ")[0], line[6], line[4]) == (told[0], told[2], told[3])
        else:
            assert any((line[0], *line[2:]) == (emotion[one.annotator], str(one.items), *told) for line in lines), one


def test_a_model_of_the_users_own_has_no_accuracy_of_ours(place):
    manifest = read_manifest(place)
    authors = [
        {**author, "models": [{**model, "name": "mine"} for model in author["models"]], "config": '{"chat": "big | model"}'}
        for author in manifest.plan["annotators"]
    ]
    found = card_facts(place, replace(manifest, plan={**manifest.plan, "annotators": authors}), "v1")
    assert found.measured == ()
    models, *rest = tables(sections(card(found))["Models"])
    assert not rest
    assert ("labels.words_minilm", "mine", "not stated") in {line[:3] for line in models}
    assert ("rationale.composed", "big | model", "not stated", "asked over a network") in models


def test_cost_is_what_the_texts_say_that_they_cost(said, every):
    texts = [text for many in every["texts"] for text in many]
    paid = [{one["name"]: one["value"] for one in text["measures"]} for text in texts if text["by"].startswith("rationale.llm@")]
    prices = [one["price"] for one in paid if "price" in one]
    total = {name: sum(one[name] for one in paid) for name in ("tokens_in", "tokens_out")}
    assert tables(said["Cost"]) == [
        [
            (
                "rationale.llm",
                str(len(paid)),
                f"{total['tokens_in']:.0f}",
                f"{total['tokens_out']:.0f}",
                f"{sum(prices):.4f} for {len(prices)}",
                f"{sum(prices) / len(prices):.6f}",
            )
        ]
    ]
    assert "People spent 6.9 minutes, 0.49 per clip that they answered." in said["Cost"]


def test_limits_licences_and_consent_are_counted(said, public):
    there = Counter(modality for many in public["labels"] for modality in {label["modality"] for label in many})
    decided = sum(any(one["kind"] == "decision" for one in many) for many in public["reviews"])
    conditioned = sum(text["label_conditioned"] for many in public["texts"] for text in many)
    lines = [line for line in said["Limits"].splitlines() if line]
    assert lines == [
        *(
            f"* {len(public) - there[name]} of {len(public)} clips have no label from {name}."
            for name in ("face", "voice", "words")
        ),
        f"* {conditioned} texts were written with the label in view (`label_conditioned`): "
        "they tell nothing about how well it can be found.",
        f"* {len(public) - decided} of {len(public)} clips have a label that no person has decided.",
    ]
    expected = {
        (name, value, str(n))
        for name in ("licence", "consent")
        for value, n in Counter(source[name] or "not stated" for source in public["source"]).items()
    }
    assert set(tables(said["Licences and consent"])[0]) == expected
    assert "Ask data@example.org." in said["Takedown"]


def test_the_columns_are_those_of_the_schema(said):
    assert said["Columns"].strip() == markdown(Clip).strip()


def test_no_section_is_left_unread_by_these_tests(said):
    assert set(said) == {
        *("", "Use", "What became of everything", "Labels", "Agreement", "Errors of labels that no person has seen", "Groups"),
        *("Models", "Cost", "Limits", "Licences and consent", "Takedown", "Columns"),
    }


def test_conflicts_are_told_with_the_share_that_is_expected_to_be_real_and_the_share_that_was(said, every):
    waiting = every[every["decision"] == "review"] if "decision" in every else every
    sent = [route["expected"] for many in waiting["routes"] for route in many if route["decision"] == "review"]
    sent = [one for one in sent if one is not None]
    told = said["What became of everything"]
    assert f"two modalities show unlike emotions: {len(sent)}." in told
    assert f"{100 * sum(sent) / len(sent):.1f} %, calibrated on the votes of CREMA-D" in told
    assert "Of 8 such conflicts that people have judged, one modality at a time, 5 were real: 62.5 %" in told
    assert "30.6 % to 86.3 %; expected were 62.0 %" in told


def test_without_reviews_audits_and_costs_it_says_so(felt_version):
    said = sections(card(card_facts(felt_version, read_manifest(felt_version), "v1")))
    assert said["Agreement"].strip() == "No person has reviewed anything yet."
    assert said["Cost"].strip() == "No text has a count of tokens or a price."
    unseen = said["Errors of labels that no person has seen"]
    assert unseen.strip().startswith("Not measured: ")
    assert not re.search(r"\d %", unseen)
    assert dict(tables(said[""])[0])["annotation manner"] == "Model"


def test_the_command_writes_the_same_bytes_again_and_refuses_what_is_no_version(place, tmp_path, capsys):
    made_ = card(card_facts(place, read_manifest(place), "v1"))
    assert main(["--shards", str(place.parent), "--out", str(tmp_path / "card.md")]) == 0
    assert (tmp_path / "card.md").read_text() == made_
    assert main(["--shards", str(place.parent), "--version", "v1"]) == 0
    assert capsys.readouterr().out == made_
    assert main(["--shards", str(tmp_path)]) == 2
    assert "holds no version" in capsys.readouterr().err


def test_a_build_writes_card_and_croissant_file_before_the_manifest(felt_version):
    manifest = read_manifest(felt_version)
    found = card_facts(felt_version, manifest, "v1")
    assert (felt_version / CARD).read_text() == card(found)
    assert (felt_version / CROISSANT).read_text() == croissant(found)
    assert (
        min((felt_version / MANIFEST).stat().st_mtime_ns - (felt_version / name).stat().st_mtime_ns for name in (CARD, CROISSANT))
        > 0
    )


def test_a_version_with_nothing_accepted_has_a_card_that_the_hub_takes(media_files, tmp_path):
    judge = replace(read_plan("embedded").judge, judged=True)
    rejected = [made(k, judge) for k in range(4)]
    rejected = [replace(one, routes=(replace(one.routes[-1], decision="reject"),)) for one in rejected]
    empty = version(rejected, media_files, tmp_path)
    found = card_facts(empty, read_manifest(empty), "v1")
    data = DatasetCard(card(found)).data
    assert not MetadataConfigs.from_dataset_card_data(data)
    assert data.annotations_creators == ["no-annotation"]
    assert (found.sources, found.seconds, found.shortest, found.splits) == (0, 0.0, None, ())


def test_a_modality_of_no_package_here_is_counted_under_its_own_name(tmp_path):
    place = version([gait(k) for k in range(4)], tmp_path, tmp_path)
    text = card(card_facts(place, read_manifest(place), "v1"))
    assert "gait" not in DatasetCard(text).data.tags
    labels, limits = sections(text)["Labels"], sections(text)["Limits"]
    assert [line[:2] for line in tables(labels)[0]] == [("all together", "4"), ("face", "4"), ("gait", "3")]
    assert "* 1 of 4 clips have no label from gait." in limits
    assert limits.index("from voice") < limits.index("from words") < limits.index("from gait")
    with walking(tmp_path, place=0):
        text = card(card_facts(place, read_manifest(place), "v1"))
    assert "gait" in DatasetCard(text).data.tags
    assert [line[0] for line in tables(sections(text)["Labels"])[0]] == ["all together", "gait", "face"]


def test_memory_is_bounded_whatever_the_sources_state(felt_version):
    count = Count("ekman7")
    one = clip(0)
    for number in range(VALUES + 500):
        source = replace(one.source, source_id=f"{number:016x}", origin=f"film {number}")
        count.add("accept", "train", replace(one, source=source))
    manifest = read_manifest(felt_version)
    found = replace(card_facts(felt_version, manifest, "v1"), **count.totals())
    origins = found.of("origin")
    assert isinstance(found, CardFacts)
    assert (len(origins.groups), origins.others) == (SHOWN, VALUES + 500 - SHOWN)
    assert len(count.values["origin"].known) == VALUES
    assert found.sources == VALUES + 500
    assert ("origin", "all other values", f"{origins.others:,}") in {
        line[:3] for line in tables(sections(card(found))["Groups"])[0]
    }
