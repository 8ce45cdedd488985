"""What decided clips teach: planted faults are found, few clips teach nothing, and the numbers hold on clips left out."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_studio.consensus.adjudication import decide_clips
from label_studio.consensus.consensus import ReviewSettings, fit_consensus
from pipeline.judge.assess import AssessSettings, compared, heard
from pipeline.judge.learning import CONFLICT, Judged, Learned, apply, changed, conflict_facts, learn
from pipeline.judge.route import RouteSettings, draw
from schemas.claims import Label
from schemas.vocabulary.contrast import at_odds, contrast, evidence_by_modality
from schemas.vocabulary.distributions import tempered
from tests.label_studio.reviewers import LABELS, crema_d

ASSESS, ROUTE = AssessSettings(), RouteSettings(audit=0.2, conflict=0.3)
NOTHING = Learned(temperatures=(), threshold=None, conflict=ROUTE.conflict)
ALL_SEVEN = (*LABELS, "surprise")


def conflict(*labels):
    """Return the probability that two labels conflict."""
    return contrast(*(evidence_by_modality([one], "ekman7")[one.modality] for one in labels), "ekman7").probability


def label(modality, scores, by=None, **more):
    author = by or f"labels.{modality}@1#0"
    return Label(by=author, modality=modality, space="ekman7", names=tuple(scores), scores=tuple(scores.values()), **more)


def calibrated(chance, names=ALL_SEVEN):
    """Return a distribution and a label drawn from it."""
    raw = [chance.gammavariate(0.4, 1) + 1e-6 for _ in names]
    scores = {name: value / sum(raw) for name, value in zip(names, raw, strict=True)}
    return scores, chance.choices(list(scores), list(scores.values()))[0]


def sharpened(clips, temperature, seed=0):
    """Return clips whose face label is taken from a calibrated one at that temperature, below 1 for overconfident."""
    chance, made = random.Random(seed), []
    for number in range(clips):
        scores, truth = calibrated(chance)
        said = tempered(label("face", scores), temperature)
        made.append(Judged(clip_id=f"{number:016x}", labels=(said,), people=(("face", (truth,)),), audited=False))
    return tuple(made)


def faced(clips, at=0.5, seed=0, audit=0.2):
    """Return clips with face and voice whose conflict is likelier than `at` just where people see one, nearly always.

    People name two emotions at a time, so that no temperature is learned from them.
    """
    chance, made = random.Random(seed), []
    while len(made) < clips:
        face, _ = calibrated(chance, LABELS)
        voice, _ = calibrated(chance, LABELS)
        mixed = chance.random() ** 3
        voice = {name: mixed * face[name] + (1 - mixed) * voice[name] for name in LABELS}
        far = conflict(label("face", face), label("voice", voice))
        real = (far >= at) != (chance.random() < 0.03)
        clip_id = f"{len(made):016x}"
        both, others = ("anger", "fear"), ("disgust", "sadness")
        seen = (("face", both), ("voice", others if real else both), ("all", both))
        reviewed = far >= ROUTE.conflict
        if reviewed or draw(clip_id) / 2**64 < audit:
            made.append(
                Judged(clip_id=clip_id, labels=(label("face", face), label("voice", voice)), people=seen, audited=not reviewed)
            )
        else:
            made.append(None)
    return tuple(one for one in made if one is not None)


@pytest.mark.parametrize("planted", [0.5, 0.35, 1.8])
def test_a_planted_temperature_is_found_and_makes_the_author_calibrated_on_clips_left_out(planted, capsys):
    (found,) = learn(sharpened(1500, planted), ASSESS, ROUTE).temperatures
    with capsys.disabled():
        print(f"\nplanted {1 / planted:.2f}, found {found.after}: ECE {found.ece_before} to {found.ece_after}")
    assert found.after == pytest.approx(1 / planted, rel=0.12)
    assert (found.by, found.modality, found.items, found.before) == ("labels.face@1#0", "face", 1500, 1.0)
    assert found.ece_after < 0.06
    assert found.ece_after < found.ece_before / 2
    assert found.nll_after < found.nll_before


def test_the_calibration_holds_on_clips_that_were_never_shown():
    clips = sharpened(1600, 0.5)
    learned = learn(clips[:800], ASSESS, ROUTE)
    right, wrong = (sum(_gap(one, apply_) for one in clips[800:]) for apply_ in (learned, NOTHING))
    assert abs(right) < abs(wrong) / 3


def _gap(clip, learned):
    said = apply(clip.labels[0], learned)
    best = max(zip(said.scores, said.names, strict=True))
    return best[0] - (best[1] == clip.people[0][1][0])


def test_a_calibrated_author_is_left_alone_or_nearly_so():
    for one in learn(sharpened(500, 1.0, seed=5), ASSESS, ROUTE).temperatures:
        assert one.after == pytest.approx(1, abs=0.1)


def test_few_clips_teach_nothing_and_a_few_more_teach_less_than_many():
    assert learn(sharpened(19, 0.4), ASSESS, ROUTE).temperatures == ()
    (few,), (many,) = (learn(sharpened(clips, 0.4), ASSESS, ROUTE).temperatures for clips in (25, 800))
    assert 1 < few.after < many.after


def test_a_rescaled_label_keeps_its_order_and_other_authors_keep_theirs():
    learned = learn(sharpened(400, 0.5), ASSESS, ROUTE)
    mine, other = (label("face", {"fear": 0.9, "anger": 0.1}, by=by) for by in ("labels.face@1#0", "labels.face@2#0"))
    assert apply(other, learned) == other
    assert 0.5 < apply(mine, learned).scores[0] < 0.9
    assert sum(apply(mine, learned).scores) == pytest.approx(1)
    plain = replace(mine, scores=())
    assert apply(plain, learned) == plain


def test_what_was_learned_before_is_where_the_next_time_starts():
    clips = sharpened(400, 0.5)
    first = learn(clips, ASSESS, ROUTE)
    assert learn(clips, changed(ASSESS, first.temperatures), ROUTE).temperatures == ()


def test_labels_that_are_not_about_this_are_not_learned_from():
    clips = sharpened(100, 0.4)
    for change in ({"perspective": "evoked"}, {"person": "P1"}, {"modality": "all"}, {"by": "decision@1#0"}, {"scores": ()}):
        assert (
            learn([replace(one, labels=(replace(one.labels[0], **change),)) for one in clips], ASSESS, ROUTE).temperatures == ()
        )
    several = [replace(one, people=(("face", ("fear", "anger")),)) for one in clips]
    assert learn(several, ASSESS, ROUTE).temperatures == ()


def test_a_label_in_another_space_is_judged_where_it_maps_to():
    chance, made = random.Random(1), []
    for number in range(300):
        scores, truth = calibrated(chance, ("joy", "anger", "sadness", "neutral"))
        said = tempered(replace(label("words", scores), space="goemotions28"), 0.5)
        people = (("words", ({"joy": "happiness"}.get(truth, truth),)),)
        made.append(Judged(clip_id=f"{number:016x}", labels=(said,), people=people, audited=False))
    (found,) = learn(made, ASSESS, ROUTE).temperatures
    assert found.items == 300
    assert found.after == pytest.approx(2, rel=0.2)


def test_the_threshold_moves_to_where_people_see_conflicts(capsys):
    found = learn(faced(1500), ASSESS, ROUTE).threshold
    with capsys.disabled():
        print(f"\nplanted at 0.5: {found}")
    assert found.before == 0.3
    assert found.after == pytest.approx(0.5, abs=0.05)
    assert found.balanced[1] > found.balanced[0] + 0.05
    assert found.spared_after > 0.95


def test_the_threshold_also_comes_down_since_the_audited_stand_for_all_that_were_accepted():
    found = learn(faced(3000, at=0.15, seed=2), ASSESS, ROUTE).threshold
    assert found.after == pytest.approx(0.15, abs=0.05)
    assert found.caught_after > found.caught_before


def test_the_threshold_stays_without_enough_of_either_kind_or_without_an_audit():
    clips = faced(1500)
    real = [one for one in clips if dict(one.people)["voice"] == ("disgust", "sadness")]
    consistent = [one for one in clips if dict(one.people)["voice"] == ("anger", "fear")]
    for many in (real, consistent, real[:9] + consistent, [one for one in clips if not one.audited], ()):
        assert learn(many, ASSESS, ROUTE).threshold is None
    assert learn([replace(one, people=(("all", ("fear",)),)) for one in clips], ASSESS, ROUTE).threshold is None


def test_the_threshold_stays_where_it_is_best_already():
    assert learn(faced(1500), ASSESS, replace(ROUTE, conflict=0.5)).threshold is None


def test_where_temperatures_change_and_no_threshold_can_be_learned_as_many_clips_go_to_people_as_before():
    chance, clips = random.Random(4), []
    for number in range(600):
        told = {modality: calibrated(chance, LABELS) for modality in ("face", "voice")}
        said = tuple(tempered(label(modality, scores), 0.5) for modality, (scores, _) in told.items())
        people = tuple((modality, (truth,)) for modality, (_, truth) in told.items())
        clips.append(Judged(clip_id=f"{number:016x}", labels=said, people=people, audited=False))
    learned = learn(clips, ASSESS, ROUTE)
    assert learned.threshold is None
    assert [one.after for one in learned.temperatures] == pytest.approx([2, 2], rel=0.2)
    assert learned.conflict < ROUTE.conflict
    shares = []
    for found, limit in ((NOTHING, ROUTE.conflict), (learned, learned.conflict)):
        said = [[apply(one, found) for one in clip.labels] for clip in clips]
        far = [next(compared(heard(pair, ASSESS), ASSESS)).probability or 0.0 for pair in said]
        shares.append(sum(one >= limit for one in far) / len(far))
    assert shares[1] == pytest.approx(shares[0], abs=0.02)


def test_facts_for_the_report_say_what_changed_and_what_it_is_worth():
    unsure = [replace(one, labels=(replace(one.labels[0], by="labels.face@2#0"),)) for one in sharpened(400, 0.5)]
    learned = learn((*unsure, *(replace(one, clip_id=f"f{one.clip_id[1:]}") for one in faced(1500))), ASSESS, ROUTE)
    facts = {one.what: one for one in learned.facts()}
    assert facts["labels.face@2#0"].measure == "ece"
    assert facts["labels.face@2#0"].measure_after < facts["labels.face@2#0"].measure_before
    assert facts[CONFLICT].measure == "balanced"
    assert facts[CONFLICT].measure_after > facts[CONFLICT].measure_before


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.integers(0, 60), st.integers(0, 120))
def test_the_order_of_clips_changes_nothing(chance, few, more):
    clips = [*sharpened(few, 0.5), *(replace(one, clip_id=f"f{one.clip_id[1:]}") for one in faced(more))]
    assert learn(clips, ASSESS, ROUTE) == learn(chance.sample(clips, len(clips)), ASSESS, ROUTE)


# --- CREMA-D: five voters a modality play the machine, three others are the reviewers. -----------------------------------------


def real_clips(answers, reviewed_only=True):
    """Return decided clips; those below the threshold only where the audit draws them, unless all are asked for."""
    told = {}
    for one in answers:
        for given_ in one.given:
            if one.reviewer < "r05":
                told.setdefault(one.clip_id, {}).setdefault(given_.modality, []).append(given_.names[0])
    reviewers = [one for one in answers if "r05" <= one.reviewer < "r08"]
    people = decide_clips(fit_consensus(reviewers, ReviewSettings(annotators=3)))
    made = []
    for one in people:
        heard = told[one.clip_id]
        shares = {
            m: {n: (heard.get(m, []).count(n) + 0.1) / (len(heard.get(m, [])) + 0.6) for n in LABELS} for m in ("face", "voice")
        }
        labels = tuple(label(modality, scores) for modality, scores in shares.items())
        reviewed = conflict(*labels) >= ROUTE.conflict
        if reviewed or not reviewed_only or draw(one.clip_id) / 2**64 < ROUTE.audit:
            named = (*one.alone, ("all", one.names))
            made.append(Judged(clip_id=one.clip_id, labels=labels, people=named, audited=not reviewed))
    return tuple(made)


def test_what_is_learned_from_some_actors_holds_for_the_other_actors(capsys):
    answers = crema_d(actors=50)
    seen = real_clips([one for one in answers if one.clip_id < "1026"])
    learned = learn(seen, ASSESS, ROUTE)
    rest = real_clips([one for one in answers if one.clip_id >= "1026"], reviewed_only=False)
    lines = [f"CREMA-D: learned from {len(seen)} clips of 25 actors ({sum(one.audited for one in seen)} audited)"]
    for fact in learned.facts():
        lines.append(
            f"  {fact.what}: {fact.before:g} to {fact.after:g} by {fact.items} clips, "
            f"{fact.measure} {fact.measure_before} to {fact.measure_after}"
        )
    for one in learned.temperatures:
        gaps = [_ece(rest, one.modality, found) for found in (NOTHING, learned)]
        lines.append(f"  {one.by} on the other actors: ECE {gaps[0]:.3f} to {gaps[1]:.3f}")
        assert gaps[1] < gaps[0]
    rates = [
        _rates(rest, *setting) for setting in ((ASSESS, 0.3), (changed(ASSESS, learned.temperatures), learned.threshold.after))
    ]
    lines.append(f"  other actors: caught and spared {rates[0]} to {rates[1]}")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert sum(rates[1]) > sum(rates[0])


def _ece(clips, modality, learned):
    from tests.accuracy.scoring import score

    pairs = []
    for clip in clips:
        names = dict(clip.people)[modality]
        said = apply(next(one for one in clip.labels if one.modality == modality), learned)
        if len(names) == 1:
            pairs.append((dict(zip(said.names, said.scores, strict=True)), names[0]))
    return score(modality, *zip(*pairs, strict=True)).ece


def _rates(clips, assess, limit):
    """Return the shares of conflicts caught and of other clips spared, counted apart from what learns."""
    caught, temperatures = {True: [], False: []}, dict(assess.temperatures)
    for clip in clips:
        people = dict(clip.people)
        if people["face"] and people["voice"]:
            face, voice = (tempered(one, temperatures.get(one.by, 1.0)) for one in clip.labels)
            caught[at_odds(people["face"], people["voice"], "ekman7")].append(conflict(face, voice) >= limit)
    return round(sum(caught[True]) / len(caught[True]), 3), round(1 - sum(caught[False]) / len(caught[False]), 3)


def test_what_people_find_of_the_conflicts_that_they_were_sent_is_counted_beside_what_was_expected():
    def told(number, expected, **people):
        named = tuple((modality, names) for modality, names in people.items())
        return Judged(clip_id=f"{number:016x}", labels=(), people=named, audited=False, expected=expected)

    clips = [
        told(1, 0.6, face=("anger",), voice=("happiness",), all=("anger",)),
        told(2, 0.8, face=("anger",), voice=("neutral",), all=("anger",)),
        told(3, 0.7, face=("fear",), voice=("fear", "sadness"), words=("neutral",)),
        told(4, 0.9, face=("fear",), all=("fear",)),
        told(5, None, face=("anger",), voice=("happiness",)),
    ]
    found = conflict_facts(clips, "ekman7")
    assert (found.clips, found.real, found.expected) == (3, 1, 0.7)
    assert found.interval == pytest.approx((0.0615, 0.7923), abs=1e-3)
    assert conflict_facts(clips[3:], "ekman7") is None
