"""Nothing from a source, transcript, label or model answer can break the YAML, the Markdown or the JSON-LD of a version."""

import json
from dataclasses import replace

import pytest
import yaml
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline.card.card import card
from pipeline.card.croissant import croissant
from pipeline.card.markdown import LONGEST, code, escaped, plain
from pipeline.stats.collect import card_facts
from pipeline.stats.facts import CostFacts, Published
from schemas.versions.manifest import read_manifest
from schemas.versions.review_facts import LearnedFacts
from tests.support.carded import REVIEWS, tables
from tests.support.reported import HOSTILE

NASTY = (
    *HOSTILE,
    "---",
    "a\n---\nlicense: mit\n---\n# owned",
    "!!python/object/apply:os.system ['true']",
    "&anchor *anchor <<: {a: b}",
    "```\n# owned\n```",
    "` `` ```",
    "| a | b |\n|---|---|",
    "\\| \\\\| |",
    "[x](javascript:alert(1)) ![x](http://x.test/a.png) <http://x.test>",
    "http://x.test www.x.test me@x.test ftp://x.test mailto:me@x.test",
    "[^1]: note\n[a]: http://x.test",
    "$x$ $$y$$ \\(z\\)",
    "<details><summary>x</summary>",
    "&lt;b&gt; &amp; &#60;",
    "**bold** __bold__ *it* _it_ ~~gone~~",
    "# heading\n\n    code\n\n1. one\n- two\n> quote",
    "\"quoted\" 'single' : , [ ] { } % @ ` # \t tab",
    "\\",
    "",
    " ",
    "null",
    "en",
    "{# comment #}{% endfor %}{{ facts }}",
    "${HOME} $(true) `true`; rm -rf x",
    '"}, "rai:dataBiases": "owned", "x": {"@type": "sc:Dataset", "@id": "http://x.test"',
)
text = st.text(max_size=60) | st.sampled_from(NASTY) | st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map("\n".join)
markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PLAIN = {"text", "text_special", "code_inline", "strong_open", "strong_close", "softbreak"}


@pytest.fixture(scope="module")
def found(felt_version):
    base = card_facts(felt_version, read_manifest(felt_version), "v1")
    cost = CostFacts(author="a", texts=1, tokens_in=1.0, tokens_out=1.0, price=0.0, priced=0)
    learned = LearnedFacts(what="a", before=0.0, after=0.0, items=1, measure="a", measure_before=0.0, measure_after=0.0)
    few = {name: {"dtype": "string", "_type": "Value"} for name in ("clip_id", "transcript")}
    return replace(base, features=json.dumps(few), costs=(cost,), reviews=replace(REVIEWS, learned=(learned,)))


def said_by(found, *words):
    """Return the facts with these words wherever something that is not ours can stand."""
    turn = iter(words * 100)
    properties = tuple(
        replace(one, groups=tuple(replace(group, value=next(turn)) for group in one.groups)) for one in found.properties
    )
    decisions = tuple(replace(one, reasons=tuple((next(turn), n) for _, n in one.reasons)) for one in found.decisions)
    return replace(
        found,
        name=next(turn),
        plan=next(turn),
        properties=properties,
        decisions=decisions,
        lost=tuple((next(turn), n) for _, n in found.lost),
        models=tuple(replace(one, annotator=next(turn), name=next(turn), licence=next(turn)) for one in found.models),
        costs=tuple(replace(one, author=next(turn)) for one in found.costs),
        said=tuple(replace(one, modality=f"{number} {next(turn)}") for number, one in enumerate(found.said)),
        categories=tuple((next(turn), n) for _, n in found.categories),
        reviews=replace(
            found.reviews,
            fields=tuple(replace(one, field=next(turn)) for one in found.reviews.fields),
            learned=tuple(replace(one, what=next(turn), measure=next(turn)) for one in found.reviews.learned),
        ),
        published=Published(title=next(turn), address=f"a {next(turn)}", contact=f"a {next(turn)}", creators=(next(turn),)),
    )


def blocks(body):
    return [(token.type, token.tag, token.level) for token in markdown.parse(body)]


def inline(body):
    return [child for token in markdown.parse(body) if token.type == "inline" for child in token.children]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(text, min_size=1, max_size=6))
def test_the_card_keeps_its_yaml_and_its_shape_whatever_is_said(found, words):
    good, bad = card(said_by(found, "word")), card(said_by(found, *words))
    assert bad.count("\n---\n") == 1
    metadata, body = bad.removeprefix("---\n").split("\n---\n")
    data = DatasetCard(bad).data
    assert yaml.safe_load(metadata) == data.to_dict()
    known = DatasetCard(good).data
    assert MetadataConfigs.from_dataset_card_data(data) == MetadataConfigs.from_dataset_card_data(known)
    assert DatasetInfosDict.from_dataset_card_data(data) == DatasetInfosDict.from_dataset_card_data(known)
    mine, theirs = data.to_dict(), known.to_dict()
    assert set(mine.pop("language", ())) <= {word for word in words if len(word) in {2, 3}}
    assert set(mine.pop("license")) <= {"other", "cc0-1.0"}
    assert all(mine[key] == theirs[key] for key in mine if key != "tags")
    assert set(mine["tags"]) <= {*theirs["tags"], "face", "voice", "words"}
    assert blocks(body) == blocks(good.split("\n---\n")[1])
    kinds = [child.type for child in inline(body) if child.type not in PLAIN]
    assert kinds == ["link_open", "link_close"] * (kinds != [])
    assert not any(child.type.startswith("html") for child in inline(body))


@given(text)
def test_a_cell_shows_the_text_itself(word):
    body = f"| a | b |\n|---|---|\n| x | {escaped(word)} |\n"
    (rows,) = tables(body)
    assert len(rows[0]) == 2
    children = [child for child in inline(body)[3:] if child.type in {"text", "text_special"}]
    assert "".join(child.content for child in children) == plain(word).strip()
    assert inline(body)[3:] == children


@given(text)
def test_a_name_is_code_only_where_it_is_made_like_one(word):
    children = inline(f"x {code(word)} y")
    assert all(child.type in {"text", "text_special"} for child in children) or [c.type for c in children] == [
        "text",
        "code_inline",
        "text",
    ]


@given(st.text(max_size=400))
def test_plain_text_is_one_line_of_bounded_length_with_nothing_unseen_in_it(word):
    line = plain(word)
    assert len(line) <= LONGEST
    assert len(line.splitlines()) <= 1
    assert line.isprintable() or not line.replace("\ufffd", "").strip()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(text, min_size=1, max_size=6))
def test_the_croissant_file_keeps_its_shape_whatever_is_said(found, words):
    def shape(value):
        match value:
            case dict():
                return {
                    key: shape(inner) for key, inner in value.items() if key not in {"inLanguage", "rai:machineAnnotationTools"}
                }
            case list():
                return [shape(inner) for inner in value] if value and isinstance(value[0], dict) else "list"
            case _:
                return type(value)

    bad = json.loads(croissant(said_by(found, *words)))
    good = json.loads(croissant(said_by(found, *(f"word{n}" for n in range(99)))))
    for one in (bad, good):
        one["prov:wasGeneratedBy"].pop("prov:wasAssociatedWith")
        one["prov:wasGeneratedBy"].pop("prov:used")
    assert shape(bad) == shape(good)


def test_a_version_full_of_hostile_rows_has_a_card_that_the_hub_takes(evil_version):
    made = card(card_facts(evil_version, read_manifest(evil_version), "v1"))
    assert DatasetInfosDict.from_dataset_card_data(DatasetCard(made).data)
    assert not any(child.type.startswith("html") for child in inline(made.split("\n---\n")[1]))
