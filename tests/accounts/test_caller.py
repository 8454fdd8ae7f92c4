import pytest

from accounts.caller import Scope
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
