import stat
from io import StringIO

import pytest
import yaml
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from accounts.encryption import EncryptionKey
from accounts.models import User
from connections.models import Connection, GatewaySettings
from models_registry.models import ModelGrant

pytestmark = pytest.mark.django_db
SECRET = "sk-import-0123456789"
CONFIGURATION = {
    "connections": [
        {
            "name": "zeta",
            "base_url": "https://zeta.example/v1",
            "keys": [SECRET, "env:ZETA_KEY"],
            "headers": {"X-Longer-Name": "b", "X-Team": "a", "X-Api-Key": "hidden-header"},
            "verify_tls": False,
            "model_ids": ["m-1"],
        },
        {"name": "alpha", "provider": "ollama", "base_url": "http://localhost:11434", "keys": []},
    ],
    "models": [
        {
            "connection": "zeta",
            "model": "m-1",
            "alias": "fast",
            "name": "Fast",
            "description": "For drafts.",
            "family": "plain",
            "defaults": {"temperature": 0.2, "stop": ["END"]},
            "tags": ["draft"],
            "hidden": True,
            "order": 3,
        },
        {"connection": "alpha", "model": "llama"},
    ],
    "grants": [
        {"models": ["gpt-*", "m-1"], "groups": ["team"], "users": ["alice"]},
        {"models": ["free/*"], "everyone": True},
    ],
    "groups": [{"name": "team", "users": ["alice"]}, {"name": "empty", "users": []}],
    "settings": {"bypass_model_access_control": False, "models_cache_ttl": 2.5},
}


@pytest.fixture(autouse=True)
def alice():
    return User.objects.create_user("alice")


@pytest.fixture
def run_import(tmp_path):
    def run_import(configuration, *options):
        file = tmp_path / "gatehouse.yaml"
        text = configuration if isinstance(configuration, str) else yaml.safe_dump(configuration)
        file.write_text(text)
        out = StringIO()
        call_command("import_config", str(file), *options, stdout=out, stderr=StringIO())
        return out.getvalue()

    return run_import


def export(*options):
    out, err = StringIO(), StringIO()
    call_command("export_config", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def wipe():
    for model in (Connection, ModelGrant, Group, GatewaySettings):
        model.objects.all().delete()


def test_import_brings_everything(run_import):
    said = run_import(CONFIGURATION)

    assert "+ connection zeta: https://zeta.example/v1; keys …6789, env:ZETA_KEY" in said
    assert "+ grant gpt-* → group team" in said
    assert [row.name for row in Connection.objects.order_by("url_index")] == ["zeta", "alpha"]
    assert ModelGrant.objects.count() == 5
    assert User.objects.filter(groups__name="team").count() == 1
    assert GatewaySettings.load().models_cache_ttl == 2.5


def test_second_import_changes_nothing(run_import):
    run_import(CONFIGURATION)

    assert run_import(CONFIGURATION).splitlines()[-1].startswith("Nothing changed")


def test_import_shows_no_secret(run_import):
    run_import(CONFIGURATION)
    said = run_import(
        CONFIGURATION | {"connections": [CONFIGURATION["connections"][0] | {"keys": []}]}
    )

    assert "keys …6789, env:ZETA_KEY → none" in said
    assert SECRET not in said
    assert "hidden-header" not in said


def test_dry_run_says_the_same_and_changes_nothing(run_import):
    would = run_import(CONFIGURATION, "--dry-run")

    assert not Connection.objects.exists()
    assert not Group.objects.exists()
    assert run_import(CONFIGURATION) == would


def test_missing_users_and_groups_are_named_and_nothing_is_changed(run_import):
    grants = [{"models": ["m"], "users": ["nobody", "noone"], "groups": ["nowhere"]}]

    with pytest.raises(CommandError) as caught:
        run_import(CONFIGURATION | {"grants": grants})

    assert caught.value.returncode == 2
    assert "no user named nobody, noone" in str(caught.value)
    assert "no group named nowhere" in str(caught.value)
    assert not Connection.objects.exists()


def test_error_late_in_the_file_leaves_nothing_behind(run_import):
    grants = [{"models": ["x" * 201], "everyone": True}]

    with pytest.raises(CommandError) as caught:
        run_import(CONFIGURATION | {"grants": grants})

    assert caught.value.returncode == 2
    assert not Connection.objects.exists()


def test_members_that_are_not_named_stay(run_import):
    bob = User.objects.create_user("bob")
    bob.groups.add(Group.objects.create(name="team"))

    assert "~ group team: members + alice" in run_import(CONFIGURATION)
    assert bob.groups.exists()


@pytest.mark.parametrize("content", [b"\xff\xfe\xff", None])
def test_file_that_cannot_be_read_is_refused(tmp_path, content):
    file = tmp_path / "file.yaml"
    if content:
        file.write_bytes(content)

    with pytest.raises(CommandError) as caught:
        call_command("import_config", str(file))

    assert caught.value.returncode == 2


def test_export_reads_back_to_itself(run_import):
    run_import(CONFIGURATION)
    first, err = export()
    wipe()

    run_import(first)

    assert export()[0] == first
    assert SECRET in first
    assert "clear" in err


def test_export_is_what_was_imported(run_import):
    run_import(CONFIGURATION)

    exported = yaml.safe_load(export()[0])

    assert exported["connections"][0] == CONFIGURATION["connections"][0] | {
        "provider": "compatible"
    }
    assert sorted(exported["grants"], key=str) == sorted(CONFIGURATION["grants"], key=str)
    assert exported["settings"] == CONFIGURATION["settings"]


def test_export_without_secrets_holds_references_alone(run_import):
    run_import(CONFIGURATION)
    Connection.objects.get(name="alpha").replace_keys([])
    exported, err = export("--no-secrets")

    assert SECRET not in exported
    assert "hidden-header" not in exported
    assert "keys of zeta are left out" in err
    assert "X-Api-Key" in err


@pytest.mark.parametrize("options", [(), ("--no-secrets",)])
def test_references_stay_references(run_import, options):
    keys = ["env:ONE_KEY", "file:/run/secrets/one"]
    entry = {"name": "one", "base_url": "https://one.example", "keys": keys}
    run_import({"connections": [entry]})

    exported, err = export(*options)

    assert yaml.safe_load(exported)["connections"][0]["keys"] == keys
    assert "left out" not in err


def test_import_of_an_export_without_secrets_keeps_the_stored_keys(run_import):
    run_import(CONFIGURATION)
    run_import(export("--no-secrets")[0])

    assert Connection.objects.get(name="zeta").keys.first().reveal() == SECRET


def test_output_file_is_private(run_import, tmp_path):
    run_import(CONFIGURATION)
    file = tmp_path / "out.yaml"
    file.write_text("before")
    file.chmod(0o644)

    out, _ = export("--output", str(file))

    assert out == ""
    assert file.read_text() == export()[0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_output_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(CommandError, match="cannot be written"):
        export("--output", str(tmp_path / "nowhere" / "out.yaml"))


def test_key_that_cannot_be_read_is_an_error(run_import, settings):
    run_import(CONFIGURATION)
    settings.ENCRYPTION_KEYS = [EncryptionKey.generate_text()]

    with pytest.raises(CommandError, match="is missing from ENCRYPTION_KEYS"):
        export()
    assert "zeta" in export("--no-secrets")[0]
