"""The shapes hold what the field publishes: one case per kind of product, through Arrow and back."""

from dataclasses import asdict

import pyarrow as pa
import pytest
from pydantic import TypeAdapter

from schemas.arrow import schema_of
from schemas.claims import Cue, Label, Measure, Preference, Stream, Text
from schemas.record import Clip, Origin, Twin
from schemas.values import Span

BY = "maker.test@1#000000000000"
ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=9.0, streams="audio+video")
CUE = Cue(by=BY, cue_id="c1", modality="voice", span=Span(start=0, end=1), text="a sigh", value=0.3)


def text(text_id, kind, words, **rest):
    return Text(by=BY, text_id=text_id, kind=kind, text=words, **rest)


def label(space, **rest):
    return Label(by=BY, modality="all", space=space, **rest)


PRODUCTS = {
    "EMER: reason in two languages": {
        "texts": (
            text("r.en", "rationale", "She …", language="en", cites=("c1",)),
            text("r.zh", "rationale", "她…", language="zh"),
        ),
        "cues": (CUE,),
    },
    "OV-MERD: open set, one of six, valence": {
        "labels": (label("open", names=("weary", "resigned")), label("mer6", names=("sad",), valence=-0.4))
    },
    "MER2023-NOISE: perturbed twin": {
        "twin": Twin(
            of="f" * 16,
            perturbation="noise+blur",
            measures=(
                Measure(name="audio_snr", value=5.0),
                Measure(name="audio_noises", word="babble"),
                Measure(name="video_blur", value=2),
            ),
        )
    },
    "EmoPrefer: pair of descriptions": {
        "texts": (text("a", "caption", "…"), text("b", "caption", "…")),
        "preferences": (Preference(by=BY, first="a", second="b", preferred="a1"),),
    },
    "Emo-CFG: questions on attributes, and a rationale as a tree": {
        "texts": (
            text("q", "question", "Which hair?", role="user", measures=(Measure(name="source", word="QA_Hair"),)),
            text("a", "answer", "grey", role="assistant", parent="q"),
            text("t0", "emotion", "sad"),
            text("t1", "expression", "lips pressed", parent="t0"),
            text("t2", "attribute", "mouth", parent="t1"),
        )
    },
    "CA-MER: label by modality": {
        "labels": tuple(
            Label(by=BY, modality=m, space="mer6", names=("angry",), scores=(1.0,)) for m in ("face", "voice", "words", "all")
        )
    },
    "Omni-Emotion, VER: conversations": {
        "texts": (
            text("1", "utterance", "<video>What?", role="human"),
            text("2", "utterance", "<think>…", role="gpt", parent="1"),
        )
    },
    "Two-stage: a reason that saw the answer": {"texts": (text("r", "rationale", "…", label_conditioned=True),)},
    "ReflectDiffu: intent beside emotion": {"labels": (label("empathetic_intents9", names=("consoling",), scores=(0.8,)),)},
    "RLVER: emotion points by turn": {
        "texts": (
            text(
                "1",
                "utterance",
                "…",
                role="user",
                measures=(Measure(name="emotion-point", value=55), Measure(name="change", value=-5)),
            ),
        )
    },
    "StimuVAR: the viewer's emotion, with intensities": {
        "labels": (label("vce27", names=("Awe (or Wonder)", "Joy", "Fear"), scores=(0.5, 0.3, 0.1), perspective="evoked"),)
    },
    "PARADE: options, and an answer that may be unanswerable": {
        "texts": (text("q", "question", "Who?"), text("a", "answer", "unanswerable", parent="q"))
    },
    "MERR: action units at the peak": {
        "labels": (label("affwild2_au12", names=("AU4", "AU12"), scores=(0.9, 0.1), span=Span(start=1.2, end=1.3)),)
    },
    "a sensor stream (smell)": {
        "streams": (
            Stream(
                by=BY,
                modality="smell",
                sensor="nose-1",
                channels=("NH3", "H2S"),
                units=("ppm", "ppm"),
                rate=2.0,
                offset=-0.25,
                calibration=(Measure(name="gain", value=1.5),),
                values=((0.5, 0.25), (0.75, 0.0)),
            ),
        )
    },
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_row_of_each_product_survives_arrow(product):
    clip = Clip(source=ORIGIN, clip_id="1" * 16, requested=Span(start=0, end=9), **PRODUCTS[product])
    table = pa.Table.from_pylist([asdict(clip)], schema=schema_of(Clip))
    assert TypeAdapter(Clip).validate_python(table.to_pylist()[0]) == clip


def test_a_newer_version_of_an_author_supersedes_its_own_claims_and_nobody_elses():
    clip = Clip(source=ORIGIN, clip_id="1" * 16, requested=Span(start=0, end=9))

    def cue(by, words):
        return Cue(by=by, cue_id=words, modality="voice", span=None, text=words)

    clip = clip.with_claims("a.x@1#0", [cue("a.x@1#0", "old")]).with_claims("b.y@1#0", [cue("b.y@1#0", "other")])
    clip = clip.with_claims("a.x@2#0", [cue("a.x@2#0", "new")])
    assert [c.text for c in clip.cues] == ["other", "new"]
    assert clip.authors == ("b.y@1#0", "a.x@2#0")
    with pytest.raises(ValueError, match="in the name of"):
        clip.with_claims("a.x@3#0", [cue("someone@1#0", "forged")])
