import pytest

from accounts.caller import SUPERUSER, Scope
from tests.support.builders import a_caller


@pytest.mark.parametrize(
    ("scopes", "is_staff", "may_infer", "may_administer"),
    [
        ({"inference"}, True, True, False),
        ({"admin"}, True, False, True),
        ({"inference", "admin"}, True, True, True),
        ({"inference", "admin"}, False, True, False),
    ],
)
def test_admin_scope_counts_for_staff_alone(scopes, is_staff, may_infer, may_administer):
    caller = a_caller(scopes=frozenset(scopes), is_staff=is_staff)

    assert caller.has_scope(Scope.INFERENCE) is may_infer
    assert caller.has_scope(Scope.ADMIN) is may_administer


def test_administration_is_for_those_who_are_given_its_scope():
    caller = a_caller(is_staff=True, is_superuser=True)

    assert caller.has_scope(Scope.INFERENCE)
    assert not caller.may_administer()


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        ({"permissions": {"usage.view_usagerow"}}, True),
        ({"permissions": {"usage.view_price"}}, False),
        ({"is_superuser": True}, True),
        ({"is_superuser": True, "is_staff": False}, False),
        ({"is_superuser": True, "scopes": {"inference"}}, False),
        ({}, False),
    ],
)
def test_key_and_permission_count_both(fields, may):
    caller = a_caller(**({"is_staff": True, "scopes": {"admin"}} | fields))

    assert caller.may_administer("usage.view_usagerow") is may


def test_no_permission_makes_a_superuser():
    caller = a_caller(is_staff=True, scopes={"admin"}, permissions={"usage.view_usagerow"})

    assert not caller.may_administer(SUPERUSER)
    assert not caller.may_administer("usage.view_usagerow", SUPERUSER)
