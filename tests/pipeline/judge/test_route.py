"""Assess and route: rules at their thresholds, and against what people have said of real clips."""

import csv
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.judge.assess import AssessSettings
from pipeline.judge.route import Judge, RouteSettings, allowed, draw, spend
from schemas.claims import Label, Measure, Target, Text, Word
from schemas.record import Clip, Origin
from schemas.values import Span
from schemas.vocabulary.contrast import at_odds
from tests.support.research import research

JUDGE = Judge(assess=AssessSettings(), route=RouteSettings(audit=0.0), judged=True)
ORIGIN = Origin(source_id="0" * 16, sha256="0" * 64, file="a.mp4", duration=60.0, streams="audio+video")
CREMA = {"A": "anger", "D": "disgust", "F": "fear", "H": "happiness", "N": "neutral", "S": "sadness"}


def label(modality, **scores):
    return Label(
        by=f"labels.{modality}@1#0", modality=modality, space="ekman7", names=tuple(scores), scores=tuple(scores.values())
    )


def clip(*labels, clip_id="1" * 16, seconds=3.0, **more):
    return Clip(source=ORIGIN, clip_id=clip_id, requested=Span(start=0.0, end=seconds), labels=labels, **more)


HAPPY, SAD = {"happiness": 0.9, "sadness": 0.1}, {"happiness": 0.1, "sadness": 0.9}


def judged(*labels, judge=JUDGE, **more):
    return judge(clip(*labels, **more))


def test_agreement_is_accepted_with_its_label():
    made = judged(label("face", **HAPPY), label("voice", **HAPPY), label("words", **HAPPY))
    (route,), (assessment,) = made.routes, made.assessments
    fused = made.labels[-1]
    assert (route.decision, assessment.category, assessment.outlier) == ("accept", "consistent", None)
    assert route.reasons == ("face, voice and words do not disagree: happiness, 0.90",)
    assert (fused.modality, dict(zip(fused.names, fused.scores, strict=True))) == ("all", HAPPY)
    assert fused.valence == pytest.approx(0.8)


def test_a_conflict_goes_to_people_with_its_numbers_and_the_outlier_is_named_and_kept():
    made = judged(label("face", **HAPPY), label("voice", **SAD), label("words", **HAPPY))
    (route,), (assessment,) = made.routes, made.assessments
    assert (route.decision, assessment.category, assessment.outlier) == ("review", "video_aligned", "voice")
    assert route.reasons[0] == (
        "face and voice disagree, one good and one bad to feel: "
        "a real conflict with a probability of 0.60, from 0.5 on a person decides"
    )
    assert route.expected == max(one.probability for one in assessment.conflicts) == pytest.approx(0.60, abs=0.01)
    assert {one.modality for one in made.labels} == {"face", "voice", "words", "all"}


def test_two_witnesses_who_disagree_leave_the_truth_open():
    assert judged(label("face", **HAPPY), label("voice", **SAD)).assessments[0].category == "unresolved"


def test_nobody_is_sure_so_a_person_decides():
    flat = dict.fromkeys(("anger", "fear", "happiness", "sadness"), 0.25)
    (route,) = judged(label("face", **flat), label("voice", **flat)).routes
    assert (route.decision, route.reasons) == ("review", ("the evidence is ambiguous: 1.00, from 0.85 on a person decides",))


def test_a_modality_that_shows_no_emotion_contradicts_none_and_neither_does_surprise():
    calm, astonished = {"neutral": 0.9, "anger": 0.1}, {"surprise": 0.9, "anger": 0.1}
    for other in (calm, astonished):
        made = judged(
            label("face", **{**HAPPY, **dict.fromkeys(other, 0.0)}), label("words", **{**dict.fromkeys(HAPPY, 0.0), **other})
        )
        assert made.routes[0].decision == "accept"
        assert made.assessments[0].conflicts[0].probability < 0.2
        assert made.routes[0].expected is None


def test_a_modality_whose_label_is_withheld_takes_no_part_and_is_named():
    unlike = Label(
        by="labels.voice@1#0", modality="voice", space="ekman7", arousal=0.4, withheld="the speech is like none that it knows"
    )
    made = judged(label("face", **HAPPY), unlike)
    (route,), (assessment,) = made.routes, made.assessments
    assert (route.decision, assessment.conflicts, assessment.ambiguity) == (
        "accept",
        (),
        judged(label("face", **HAPPY)).assessments[0].ambiguity,
    )
    assert route.reasons == (
        "only face can be judged: happiness, 0.90; voice: no label, because the speech is like none that it knows",
    )
    fused = made.labels[-1]
    assert (fused.modality, fused.valence, fused.arousal, fused.withheld) == ("all", pytest.approx(0.8), 0.4, None)


def test_where_no_modality_gives_a_label_neither_does_the_clip_and_it_says_why():
    voice = Label(by="labels.voice@1#0", modality="voice", space="ekman7", arousal=0.4, withheld="it is too short")
    made = judged(voice, speaker="S0")
    (route,), fused = made.routes, made.labels[-1]
    assert (fused.modality, fused.names, fused.scores, fused.valence, fused.arousal) == ("all", (), (), None, 0.4)
    assert fused.withheld == "face: whose face it is cannot be told; voice: it is too short; words: no words are known"
    assert (route.decision, route.reasons) == ("accept", (f"no label, because {fused.withheld}",))
    assert made.assessments[0].ambiguity is None
    (route,) = judged(replace(voice, arousal=None), speaker="S0").routes
    assert route.decision == "reject"
    assert "voice: it is too short" in route.reasons[0]


def test_valence_is_compared_where_classes_cannot_be():
    face = Label(by="labels.face@1#0", modality="face", space="affwild2_au12", valence=-0.95)
    made = judged(face, label("words", **HAPPY, neutral=0.0))
    (pair,) = made.assessments[0].conflicts
    assert (pair.axis, pair.opposed, pair.divergence) == ("valence", True, None)
    assert made.routes[0].reasons[0].startswith("face and words disagree, one good and one bad to feel")
    bare = judged(replace(face, valence=None, arousal=0.5), label("words", **HAPPY))
    assert bare.assessments[0].conflicts == ()


def test_a_modality_that_is_unsure_of_itself_contradicts_none():
    unsure = {"anger": 0.36, "fear": 0.34, "disgust": 0.3}
    made = judged(label("face", **unsure), label("words", anger=0.02, fear=0.02, disgust=0.02, happiness=0.94))
    assert made.assessments[0].conflicts[0].probability is None
    assert made.routes[0].expected is None


def test_words_for_one_emotion_are_one_however_they_are_spelled():
    def sample(number, emotion, language="en"):
        return Text(
            by="rationale.llm@1#0", text_id=f"{number}.{language}", kind="rationale", text="…", language=language,
            measures=(Measure(name="emotion", word=emotion),),
        )  # fmt: skip

    def consistency(*texts):
        return judged(label("face", **HAPPY), texts=texts).assessments[0].consistency

    assert consistency(sample(1, "joy"), sample(2, "happy"), sample(3, "Happiness")) == 1.0
    assert consistency(sample(1, "quiet sorrow"), sample(2, "sad"), sample(3, "not sad")) == pytest.approx(2 / 3, abs=1e-4)
    assert consistency(sample(1, "schadenfreude"), sample(2, "joy")) == 0.5
    # One answer in two languages is one sample.
    assert consistency(sample(1, "joy"), sample(1, "joy", "zh")) is None


def test_samples_that_name_different_emotions_are_inconsistent():
    def sample(number, emotion, by="rationale.llm@1#0", **more):
        measure = Measure(name="emotion", word=emotion)
        return Text(by=by, text_id=str(number), kind="rationale", text="…", measures=(measure,), **more)

    texts = (sample(1, "joy"), sample(2, "joy"), sample(3, "fear"), sample(4, "anger", by="rationale.composed@1#0"))
    leak = sample(5, "fear", label_conditioned=True)
    made = judged(label("face", **HAPPY), texts=(*texts, leak))
    assert made.assessments[0].consistency == pytest.approx(2 / 3, abs=1e-4)
    assert made.routes[0].decision == "accept"
    made = judged(label("face", **HAPPY), texts=(*texts, replace(leak, label_conditioned=False)))
    assert made.routes[0].reasons == ("only 50% of the sampled rationales name the same emotion",)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"seconds": 0.5}, "it is 0.50 s long, less than 1 s"),
        ({"overlap": 2.4}, "others speak during 80% of it, more than 50%"),
        (
            {"words": (Word(by="w@1#0", span=Span(start=0, end=1), text="hm", probability=0.2),)},
            "its words are unsure: 0.20 on average, less than 0.4",
        ),
        (
            {"targets": (Target(by="t@1#0", speaker="S0", track=None, score=None, reason="no face", state="absent"),)},
            "the face of the person",
        ),
    ],
)
def test_each_gate_rejects_with_its_number(changed, reason):
    strict = replace(JUDGE, route=replace(JUDGE.route, need_face="targets" in changed))
    (route,) = judged(label("face", **HAPPY), judge=strict, **changed).routes
    assert route.decision == "reject"
    assert route.reasons[0].startswith(reason)


def test_a_face_is_not_called_unseen_while_faces_were_not_looked_at():
    strict = replace(JUDGE, route=replace(JUDGE.route, need_face=True))
    target = Target(by="t@1#0", speaker="S0", track=None, score=None, reason="made so", state="unsure")
    (route,) = judged(label("face", **HAPPY), judge=strict, targets=(target,)).routes
    assert route.decision == "reject"
    assert route.reasons[0].endswith("is not known")


def test_a_clip_that_nobody_can_judge_is_rejected_but_not_where_the_plan_asks_nobody():
    assert judged().routes[0].decision == "reject"
    assert judged(judge=replace(JUDGE, judged=False)).routes[0].decision == "accept"


def test_the_audit_draws_its_share_of_the_accepted_by_hash():
    strict = replace(JUDGE, route=RouteSettings(audit=0.1))
    drawn = [judged(label("face", **HAPPY), judge=strict, clip_id=f"{k:016x}").routes[0].audit for k in range(2000)]
    assert 150 < sum(drawn) < 250
    assert drawn == [judged(label("face", **HAPPY), judge=strict, clip_id=f"{k:016x}").routes[0].audit for k in range(2000)]


def test_judging_again_replaces_what_was_judged():
    once = judged(label("face", **HAPPY), label("voice", **SAD))
    assert JUDGE(once) == once


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=50), st.integers(0, 60))
def test_the_budget_is_never_exceeded_and_never_left_over_while_somebody_waits(clips, budget):
    waiting = np.array([one for one, _ in clips], bool)
    draws = np.array([draw(str(k)) for k in range(len(clips))], np.uint64)
    chosen = spend(waiting, np.array([priority for _, priority in clips]), draws, budget)
    assert not (chosen & ~waiting).any()
    assert chosen.sum() == min(budget, waiting.sum())


def test_a_budget_is_a_count_or_a_share():
    assert (allowed("20%", 50), allowed("7", 50), allowed(None, 50), allowed("2.5%", 1000)) == (10, 7, None, 25)


# --- What people said of CREMA-D: voice alone, face alone, both. ---------------------------------------------------------------


def votes():
    """Return {clip: {modality: distribution}} and {clip: {modality: majority set}} as published."""
    told, majority = {}, {}
    with (research("crema-d") / "tabulatedVotes.csv").open() as file:
        for row in csv.DictReader(file):
            cast = {CREMA[letter]: int(row[letter]) for letter in CREMA}
            told.setdefault(row["fileName"], {})[row["modality"]] = {k: n / sum(cast.values()) for k, n in cast.items()}
    with (research("crema-d") / "summaryTable.csv").open() as file:
        for row in csv.DictReader(file):
            majority[row["FileName"]] = [row[f"{kind}Vote"] for kind in ("Face", "Voice", "MultiModal")]
    return told, majority


def test_the_categories_of_real_votes_are_those_of_an_independent_count():
    from schemas.vocabulary.distributions import category

    _, majority = votes()
    ours = Counter(category(*(vote.split(":") for vote in one)) for one in majority.values() if ":" not in "".join(one))
    theirs = Counter()
    for video, audio, truth in majority.values():
        if len(video + audio + truth) == 3:
            theirs[(video == truth) * 2 + (audio == truth)] += 1
    assert ours == {"consistent": theirs[3], "video_aligned": theirs[2], "audio_aligned": theirs[1], "neither": theirs[0]}
    ties = {tuple(one): category(*(vote.split(":") for vote in one)) for one in majority.values() if ":" in "".join(one)}
    for (video, audio, truth), found in ties.items():
        sets = [set(vote.split(":")) for vote in (video, audio, truth)]
        clear = all(a == b or not a & b for a, b in ((sets[0], sets[2]), (sets[1], sets[2])))
        assert (found == "unresolved") <= (not clear or bool(sets[0] & sets[1] and sets[0] != sets[1]))


def test_conflict_scores_rank_real_conflicts_and_a_budget_catches_them(capsys):
    from sklearn.metrics import roc_auc_score

    told, majority = votes()
    names = sorted(name for name, vote in majority.items() if ":" not in "".join(vote))
    conflicts, priorities = [], []
    for name in names:
        made = JUDGE(clip(label("face", **told[name]["face"]), label("voice", **told[name]["voice"])))
        video, audio, _ = majority[name]
        conflicts.append(at_odds((CREMA[video],), (CREMA[audio],), "ekman7"))
        priorities.append(made.routes[0].priority)
    conflicts = np.array(conflicts)
    auc = roc_auc_score(conflicts, priorities)
    draws = np.array([draw(name) for name in names], np.uint64)
    chosen = spend(np.ones(len(names), bool), np.array(priorities), draws, allowed("20%", len(names)))
    caught = conflicts[chosen].sum() / conflicts.sum()
    with capsys.disabled():
        print(f"\nCREMA-D, {len(names)} clips, {conflicts.sum()} conflicts: AUC {auc:.3f}; 20 % review catches {caught:.1%}")
    assert auc > 0.8
    assert caught > 0.6
