import json
import shlex
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import keys
from accounts.models import ApiKey, User
from connections.models import Connection
from models_registry.models import ModelGrant
from tests.support.environment import ROOT, clean_environment
from tests.support.stores import BACKINGS

DEMO_URL = "http://127.0.0.1:9999/v1"


def run(*options):
    out, err = StringIO(), StringIO()
    call_command("bootstrap", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def run_json(*options):
    return json.loads(run("--json", *options)[0])


@pytest.mark.django_db
def test_first_run_makes_admin_key_and_demo():
    answer = run_json("--demo-url", DEMO_URL)

    admin = User.objects.get()
    assert (admin.username, admin.is_superuser, admin.is_staff) == ("admin", True, True)
    assert admin.check_password(answer["password"])
    assert keys.is_well_formed(answer["api_key"])
    demo = Connection.objects.get()
    assert (demo.name, demo.base_url, answer["has_demo"]) == ("demo", DEMO_URL, True)
    assert ModelGrant.objects.filter(everyone=True, pattern="demo-chat").exists()


@pytest.mark.django_db
def test_second_run_keeps_everything_and_shows_no_secret():
    first = run_json()
    second = run_json()

    assert (second["password"], second["api_key"]) == (None, None)
    assert User.objects.get().check_password(first["password"])
    assert ApiKey.objects.count() == 1
    assert Connection.objects.count() == 1


@pytest.mark.django_db
def test_people_are_shown_what_they_need():
    out, _ = run("--host", "0.0.0.0", "--port", "8123")

    assert "http://127.0.0.1:8123/admin/" in out
    assert "Password" in out
    [curl] = [line for line in out.splitlines() if line.startswith("curl ")]
    words = shlex.split(curl)
    assert words[1] == "http://127.0.0.1:8123/v1/chat/completions"
    assert json.loads(words[-1])["model"] == "demo-chat"


@pytest.mark.django_db
def test_address_of_version_six_is_bracketed():
    assert run_json("--host", "::1")["api_url"] == "http://[::1]:8000/v1"


@pytest.mark.django_db
def test_curl_names_a_listed_model_with_its_prefix():
    Connection.objects.create(
        name="one", base_url="https://one.example", model_ids=["it's"], prefix_id="p"
    )

    out, _ = run()

    [curl] = [line for line in out.splitlines() if line.startswith("curl ")]
    assert json.loads(shlex.split(curl)[-1])["model"] == "p.it's"


@pytest.mark.django_db
def test_curl_lists_models_where_none_is_known():
    Connection.objects.create(name="one", base_url="https://one.example")

    assert "curl http://127.0.0.1:8000/v1/models " in run()[0]


@pytest.mark.django_db
def test_no_demo_beside_other_connections(settings):
    settings.OPENAI_API_KEY = "sk-environment"

    answer = run_json()

    [row] = Connection.objects.all()
    assert (row.name, row.is_from_environment) == ("openai", True)
    assert not answer["has_demo"]
    assert "sk-environment" not in json.dumps(answer)


@pytest.mark.django_db
def test_no_demo_where_none_is_wanted():
    run("--no-demo")

    assert not Connection.objects.exists()
    assert not ModelGrant.objects.exists()


@pytest.mark.django_db
def test_demo_follows_its_url_and_keeps_its_other_fields():
    run("--demo-url", DEMO_URL)
    Connection.objects.update(is_enabled=False)

    answer = run_json("--demo-url", "http://127.0.0.1:9998/v1")

    demo = Connection.objects.get()
    assert (demo.base_url, demo.is_enabled) == ("http://127.0.0.1:9998/v1", False)
    assert not answer["has_demo"]


@pytest.mark.django_db
def test_connection_that_is_merely_named_demo_is_left_alone():
    Connection.objects.create(name="demo", base_url="https://mine.example")
    run("--demo-url", DEMO_URL)

    assert Connection.objects.get().base_url == "https://mine.example"


@pytest.mark.django_db
def test_existing_superuser_is_enough():
    User.objects.create_superuser("root", password="irrelevant-1")

    assert run_json()["user"] is None
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_ordinary_user_named_admin_is_not_raised():
    User.objects.create_user("admin")

    assert "createsuperuser" in run_json()["warnings"][0]
    assert not User.objects.get().is_superuser


@pytest.mark.django_db
def test_demo_url_that_is_none_is_refused():
    with pytest.raises(CommandError) as caught:
        run("--demo-url", "nonsense")

    assert caught.value.returncode == 2
    assert not User.objects.exists()


def manage(environment, *arguments):
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("has_changed_before", [False, True])  # whether there is a row to lock
@pytest.mark.parametrize("backing", BACKINGS)
def test_several_at_the_same_time_agree(stores, backing, has_changed_before, tmp_path):
    with stores.open(backing, tmp_path / "data") as opened:
        environment = opened | {"OPENAI_API_BASE_URLS": "https://a.example;https://b.example"}
        if has_changed_before:
            manage(environment, "grant", "gpt-*", "--everyone").communicate(timeout=60)
        started = [manage(environment, "bootstrap", "--json") for _ in range(3)]
        ended = [(process.communicate(timeout=60), process.returncode) for process in started]

    assert [code for _, code in ended] == [0, 0, 0], ended
    answers = [json.loads(out) for (out, _), _ in ended]
    assert sorted(answer["user"] is not None for answer in answers) == [False, False, True]
    assert sum("+ connection" in change for answer in answers for change in answer["changes"]) == 2
