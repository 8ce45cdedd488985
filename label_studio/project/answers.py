"""What one person answered about one clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from label_studio.project.annotation import filled_in
from label_studio.project.form import CONFLICT, KINDS, PREFER, RIGHT, SCALE_WORDS, SPACE, UNCLEAR, WRONG, form_hash
from schemas.atomic import write_atomic
from schemas.claims import Claim, Label, Preference, Review, Text
from schemas.errors import ItemError, UsageError
from schemas.provenance import Provenance, canonical, digest
from schemas.vocabulary.modalities import modalities
from schemas.vocabulary.spaces import spaces

REVIEWS, ANSWERS, RETRACTED = "reviews", "answers", "retracted"
"""In the folder of versions: reviews; in there: answers, and those that people have taken back, as they last stood."""
ACCEPTED, EDITED, REJECTED = "accepted", "edited", "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a person says of one modality, or of all together."""

    modality: str
    """Name of a registered modality, or all."""
    names: tuple[str, ...]
    valence: float | None = None
    """-1 to 1, as arousal."""
    arousal: float | None = None
    intensity: float | None = None
    """0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One submitted annotation. A modality that the person could name nothing in is not in `given`."""

    answer_id: str
    clip_id: str
    version: str
    form: str
    kind: str
    reviewer: str
    """Pseudonym."""
    seconds: float
    submitted: str
    """ISO 8601, UTC."""
    given: tuple[Given, ...]
    space: str = SPACE
    """Label space of all names."""
    truth: str | None = None
    cannot: str | None = None
    """Why the clip cannot be judged; then nothing else is answered."""
    label_outcome: str | None = None
    rationale: str | None = None
    """The text as it stood when the person was done, right or wrong; None where none was shown or nothing was said of it."""
    rationale_outcome: str | None = None
    preferred: str | None = None
    """a1, a2 or same."""
    first: str | None = None
    """text_id of a1."""
    second: str | None = None

    @property
    def by(self) -> str:
        """Return the provenance key of the person."""
        return person(self).key


def person(answer: Answer) -> Provenance:
    """Return the author of an answer: a person is an annotator without settings, whatever the form."""
    return Provenance(name=f"person.{answer.reviewer}", version="1", config=canonical({}))


def read_answer(annotation: Mapping[str, object], task_data: Mapping[str, object], server: str) -> Answer:
    """Return the answer of an annotation as the API gives it. What "cannot judge" leaves behind is dropped.

    An answer on an earlier form is taken where this form knows all that it says; `form` names the form that was filled in.

    Raises:
        ItemError: it is no answer; the message says why.
    """
    kind = task_data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ItemError(f"the task is none of ours: its kind is {kind!r}")
    space_name = task_data.get("space", SPACE)
    if not isinstance(space_name, str) or space_name not in {one.name for one in spaces()}:
        raise ItemError(f"its labels are of {space_name!r}, which is no label space here")
    filled = filled_in(annotation, kind, space_name)
    answer = Answer(
        answer_id=answer_id(server, filled.annotation),
        clip_id=_shown(task_data, "clip_id"),
        version=_shown(task_data, "version"),
        form=_shown(task_data, "form"),
        kind=kind,
        reviewer=pseudonym(server, filled.person),
        seconds=filled.seconds,
        submitted=filled.submitted,
        given=(),
        space=space_name,
    )
    values = filled.values
    if "cannot" in values:
        return replace(answer, cannot=values["cannot"])
    return _preferred(answer, values, task_data) if kind == PREFER else _judged(answer, values, task_data)


def answer_id(server: str, annotation: int) -> str:
    """Return the id of the answer that an annotation of a server gives."""
    return digest({"server": server, "annotation": annotation}, 16)


def pseudonym(server: str, person: int) -> str:
    """Return a name for a user of a server that tells nobody who it is, and is always the same."""
    return f"r{digest({'server': server, 'person': person}, 8)}"


def _preferred(answer: Answer, values: Mapping[str, str], data: Mapping[str, object]) -> Answer:
    if "preferred" not in values:
        raise ItemError("neither a preference nor a reason why there is none")
    return replace(answer, preferred=values["preferred"], first=_shown(data, "first"), second=_shown(data, "second"))


def _judged(answer: Answer, values: Mapping[str, str], data: Mapping[str, object]) -> Answer:
    if "emotion" not in values:
        raise ItemError("neither an emotion nor a reason why the clip cannot be judged")
    # An earlier form may have asked about fewer modalities.
    asked = modalities() if answer.kind == CONFLICT and answer.form == form_hash(CONFLICT, answer.space) else ()
    if missing := [name for name in asked if name not in values]:
        raise ItemError(f"not answered: {', '.join(missing)}")
    label = data.get("label")
    outcome, text = _rationale(values, _plain(str(data.get("rationale") or "")))
    return replace(
        answer,
        given=_given(values),
        truth=values.get("truth"),
        # A machine's label that the person does not share is put right, by the person's own.
        label_outcome=None if not label else ACCEPTED if label == values["emotion"] else EDITED,
        rationale=text,
        rationale_outcome=outcome,
    )


def _given(values: Mapping[str, str]) -> tuple[Given, ...]:
    blind = tuple(Given(modality=name, names=(values[name],)) for name in modalities() if values.get(name, UNCLEAR) != UNCLEAR)
    valence, arousal, intensity = (float(values[name]) if name in values else None for name in SCALE_WORDS)
    return (*blind, Given(modality="all", names=(values["emotion"],), valence=valence, arousal=arousal, intensity=intensity))


def _rationale(values: Mapping[str, str], shown: str) -> tuple[str | None, str | None]:
    """Return how the machine's rationale fared, and the text; None where the person says nothing of it."""
    text, verdict = _plain(values.get("rationale", "")), values.get("explained")
    if verdict == WRONG:
        return (REJECTED, shown) if shown else (None, None)
    if text and text != shown:
        return EDITED if shown else None, text
    return (ACCEPTED, shown) if verdict == RIGHT and shown else (None, None)


def _plain(text: str) -> str:
    """Return a text without what a browser changes in it: ends of lines, and blanks around the whole."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _shown(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise ItemError(f"the task has no {key}")
    return value


_ANSWER = TypeAdapter(Answer)


def write_answer(folder: Path, answer: Answer) -> None:
    """Write an answer as `<answer_id>.json`, whole or not at all; the same answer gives the same bytes."""
    write_atomic(folder / f"{answer.answer_id}.json", (canonical(asdict(answer)) + "\n").encode())


def retract(folder: Path, answer: Answer) -> None:
    """Take an answer back, in a folder of reviews: no version gets it any more, and it is not lost."""
    name = f"{answer.answer_id}.json"
    (folder / RETRACTED).mkdir(exist_ok=True)
    (folder / ANSWERS / name).replace(folder / RETRACTED / name)


def load_answers(folder: Path) -> tuple[Answer, ...]:
    """Return the answers in a folder by id; none where it is missing. What a pull takes back meanwhile is left out.

    Raises:
        UsageError: a file there is no answer.
    """
    found = (_read(place) for place in sorted(folder.glob("*.json")))
    return tuple(answer for answer in found if answer is not None)


def _read(place: Path) -> Answer | None:
    try:
        answer = _ANSWER.validate_json(place.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise UsageError(f"{place} is no answer: {error.errors()[0]['msg']}; delete it and pull again") from error
    if place.stem != answer.answer_id:
        raise UsageError(f"{place} holds the answer {answer.answer_id}; delete it and pull again")
    return answer


def answer_claims(answer: Answer) -> tuple[Claim, ...]:
    """Return what the person says, as claims in the person's name: labels, a rationale, a preference, and the review itself."""
    by = answer.by
    labels = [
        Label(
            by=by,
            modality=given.modality,
            space=answer.space,
            names=given.names,
            valence=given.valence,
            arousal=given.arousal,
            intensity=given.intensity,
        )
        for given in answer.given
    ]
    review = Review(
        by=by,
        review_id=answer.answer_id,
        kind=answer.kind,
        outcome=answer.label_outcome,
        rationale_outcome=answer.rationale_outcome,
        truth=answer.truth,
        cannot=answer.cannot,
        seconds=answer.seconds,
        submitted=answer.submitted,
    )
    return (*labels, *_texts(answer), *_preferences(answer), review)


def _texts(answer: Answer) -> tuple[Text, ...]:
    # A rationale that a person calls wrong is not the person's.
    if answer.rationale is None or answer.rationale_outcome == REJECTED:
        return ()
    text_id = f"person.{answer.reviewer}.{answer.answer_id}"
    return (Text(by=answer.by, text_id=text_id, kind="rationale", text=answer.rationale),)


def _preferences(answer: Answer) -> tuple[Preference, ...]:
    if answer.preferred is None or answer.first is None or answer.second is None:
        return ()
    return (Preference(by=answer.by, first=answer.first, second=answer.second, preferred=answer.preferred),)
