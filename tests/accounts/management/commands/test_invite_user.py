import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from accounts.invitations import waiting_for
from accounts.models import User

pytestmark = pytest.mark.django_db


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("invite_user", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def token_of(url):
    return url.strip().rstrip("/").rpartition("/")[2]


def test_the_link_alone_is_on_stdout_and_opens():
    Group.objects.create(name="team")
    out, err = run("ada@example.com", "--group", "team")
    assert out.startswith("http://127.0.0.1:8000/accounts/invitation/")
    assert waiting_for(token_of(out)).user.groups.get().name == "team"
    assert "ada is invited until" in err
    assert token_of(out) not in err


def test_the_public_url_is_that_of_the_settings(settings):
    settings.GATEWAY_PUBLIC_URL = "https://gw.example/gate"
    out, _ = run("ada@example.com", "--json")
    told = json.loads(out)
    assert told["url"].startswith("https://gw.example/gate/accounts/invitation/")
    assert (told["user"], told["is_mailed"]) == ("ada", False)


@pytest.mark.parametrize(
    "arguments", [("nobody",), ("a@b.example", "--group", "x"), ("a@b.example", "--lifetime", "0")]
)
def test_what_cannot_be_done_makes_no_user(arguments):
    with pytest.raises(CommandError):
        run(*arguments)
    assert not User.objects.exists()
