import pytest

from connections.rules.key_paths import path_problem, read_key_file
from connections.rules.secret_files import SecretFileError


@pytest.fixture
def folder(settings, tmp_path):
    made = tmp_path / "secrets"
    made.mkdir()
    settings.GATEWAY_KEY_FILES_DIR = str(made)
    return made


def test_file_of_the_folder_is_read(folder):
    (folder / "below").mkdir()
    (folder / "below" / "key").write_text("sk-1\n")

    assert read_key_file(f"{folder}/below/key") == "sk-1"


def test_links_of_kubernetes_are_followed(folder):
    (folder / "..2026_11_28").mkdir()
    (folder / "..2026_11_28" / "key").write_text("sk-1")
    (folder / "..data").symlink_to("..2026_11_28")
    (folder / "key").symlink_to("..data/key")

    assert read_key_file(f"{folder}/key") == "sk-1"


def test_folder_may_be_a_link_itself(folder, settings, tmp_path):
    (folder / "key").write_text("sk-1")
    (tmp_path / "link").symlink_to(folder)
    settings.GATEWAY_KEY_FILES_DIR = str(tmp_path / "link")

    assert read_key_file(f"{tmp_path}/link/key") == "sk-1"


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "{folder}",
        "{folder}/",
        "{folder}/../outside",
        "{folder}/below/../../outside",
        "{folder}-2/key",
        "/{folder}/key",
        "key",
        "",
        "{folder}/a\nb",
        "{folder}/a\0b",
        "{folder}/" + "a" * 500,
        "{folder}/kubernetes.io/serviceaccount/token",
    ],
)
def test_any_other_path_is_refused(folder, tmp_path, path):
    (tmp_path / "outside").write_text("sk-outside")
    written = path.format(folder=folder)

    assert path_problem(written)
    with pytest.raises(SecretFileError):
        read_key_file(written)


def test_link_out_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "outside").write_text("sk-outside")
    (folder / "key").symlink_to(tmp_path / "outside")
    (folder / "all").symlink_to(tmp_path)

    for path in (f"{folder}/key", f"{folder}/all/outside"):
        with pytest.raises(SecretFileError, match="leads out of"):
            read_key_file(path)


def test_secrets_of_the_gateway_are_refused_also_behind_a_link(folder, settings):
    (folder / "secret_key").write_text("the gateway's own")
    (folder / "link").symlink_to("secret_key")
    settings.OWN_SECRET_FILES = (f"{folder}/secret_key",)

    for name in ("secret_key", "link"):
        assert "a secret of the gateway itself" in path_problem(f"{folder}/{name}")
        with pytest.raises(SecretFileError):
            read_key_file(f"{folder}/{name}")
