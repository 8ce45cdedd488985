from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from pipeline.judge.assess import AssessSettings
from pipeline.judge.route import Judge, RouteSettings
from pipeline.judge.rule import Rule, configured_rule, reasons
from schemas.errors import UsageError
from tests.pipeline.judge.test_route import clip

JUDGE = Judge(assess=AssessSettings(), route=RouteSettings(audit=0.0), judged=False)
CLIP = clip(seconds=3.0)


@dataclass(frozen=True, kw_only=True)
class Long(Rule):
    name: ClassVar[str] = "lab.long"
    version: ClassVar[str] = "1"
    most: float = 1.0
    unusable: float = 60.0

    def reject(self, clip) -> Iterable[str]:
        if clip.span.duration > self.unusable:
            yield f"longer than {self.unusable:g} s"

    def review(self, clip) -> Iterable[str]:
        if clip.span.duration > self.most:
            yield f"longer than {self.most:g} s"


@dataclass(frozen=True, kw_only=True)
class Broken(Long):
    name: ClassVar[str] = "lab.broken"

    def review(self, clip):
        return [1 / 0]


@pytest.mark.parametrize(
    ("rule", "decision", "reason"),
    [
        (Long(), "review", "lab.long: longer than 1 s"),
        (Long(most=100.0), "accept", None),
        (Long(unusable=0.5), "reject", "lab.long: longer than 0.5 s"),
    ],
)
def test_a_rule_sends_a_clip_to_people_or_refuses_it(rule, decision, reason):
    route = replace(JUDGE, rules=(rule,))(CLIP).routes[-1]
    assert route.decision == decision
    assert reason is None or reason in route.reasons


def test_a_rule_is_part_of_the_author_and_none_leaves_the_author_as_it_was():
    with_rule = replace(JUDGE, rules=(Long(),)).author
    assert '"rules":[{"most":1.0,"name":"lab.long","unusable":60.0,"version":"1"}]' in with_rule.config
    assert '"rules"' not in JUDGE.author.config
    assert replace(JUDGE, rules=(Long(most=2.0),)).author.key != with_rule.key


def test_a_rule_that_fails_is_named_with_the_clip():
    with pytest.raises(UsageError, match=rf"the rule lab\.broken fails on clip {CLIP.clip_id}: ZeroDivisionError"):
        tuple(reasons((Broken(),), "review", CLIP))


def test_a_rule_that_is_not_installed_is_refused():
    with pytest.raises(UsageError, match=r"here no rule 'lab\.nothing' is installed; there are none"):
        configured_rule({"name": "lab.nothing"}, "here")
