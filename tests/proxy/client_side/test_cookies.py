import pytest

from proxy.client_side.cookies import forwardable_cookies


@pytest.mark.parametrize(
    ("sent", "passed"),
    [
        ("", ""),
        ("a=1; b=2", "a=1; b=2"),
        ("sessionid=s; a=1;csrftoken=c ; messages=m", "a=1"),
        (" sessionid = s", ""),
        ("sessionid", ""),
        ("a=sessionid=1;;b", "a=sessionid=1; b"),
    ],
)
def test_cookies_of_the_gateway_stay_here(sent, passed):
    assert forwardable_cookies(sent) == passed
