import pytest

from limits.choices import Metric, Share, SubjectKind
from limits.rule import Rule
from tests.support.builders import a_caller


@pytest.mark.parametrize(
    ("kind", "share", "expected"),
    [
        (SubjectKind.EVERYONE, Share.POOL, False),
        (SubjectKind.GROUP, Share.POOL, False),
        (SubjectKind.CONNECTION, Share.POOL, False),
        (SubjectKind.GROUP, Share.EACH_USER, True),
        (SubjectKind.EVERYONE, Share.EACH_KEY, True),
        (SubjectKind.USER, Share.POOL, True),
        (SubjectKind.KEY, Share.POOL, True),
    ],
)
def test_a_share_of_several_people_is_no_ones_own(kind, share, expected) -> None:
    rule = Rule(id=1, label="x", subject_kind=kind, share=share, metric=Metric.USD, amount=1)
    assert rule.is_own is expected


@pytest.mark.parametrize(
    ("kind", "share", "expected"),
    [
        (SubjectKind.EVERYONE, Share.EACH_USER, True),
        (SubjectKind.USER, Share.POOL, True),
        (SubjectKind.KEY, Share.EACH_USER, True),
        (SubjectKind.KEY, Share.POOL, False),
        (SubjectKind.GROUP, Share.EACH_KEY, False),
        (SubjectKind.GROUP, Share.POOL, False),
    ],
)
def test_a_share_of_a_key_that_speaks_for_users_is_no_ones_own(kind, share, expected) -> None:
    rule = Rule(id=1, label="x", subject_kind=kind, share=share, metric=Metric.USD, amount=1)
    assert rule.is_own_of(a_caller(spoken_for="ada@example.com")) is expected
    assert rule.is_own_of(a_caller()) is rule.is_own
