import pytest

from gateway_project.settings import environment
from gateway_project.settings.secret_files import SECRETS, own_files

pytestmark = pytest.mark.usefixtures("found")


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Puts ``content`` into a file that ``NAME_FILE`` names."""

    def given(name, content):
        path = tmp_path / name.lower()
        path.write_text(content)
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{name}_FILE", str(path))
        return path

    return given


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_each_secret_may_stand_in_a_file(given, found, name):
    given(name, "redis://:s3cret@h\n")

    assert environment.text(name) == "redis://:s3cret@h"
    assert not found.problems
    assert not found.mended


@pytest.mark.parametrize(
    ("name", "separator"), [("ENCRYPTION_KEYS", ","), ("OPENAI_API_KEYS", ";")]
)
def test_list_may_have_a_line_for_each_item(given, found, name, separator):
    given(name, "one\ntwo\n")

    assert environment.items(name, separator=separator) == ["one", "two"]
    assert not found.problems


def test_object_may_have_as_many_lines_as_it_likes(given):
    given("OPENAI_API_CONFIGS", '{\n  "0": {}\n}\n')

    assert environment.mapping("OPENAI_API_CONFIGS") == {"0": {}}


def test_both_is_an_error(given, found, monkeypatch):
    given("SECRET_KEY", "s3cret")
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    environment.text("SECRET_KEY")

    assert list(found.problems) == [
        "SECRET_KEY and SECRET_KEY_FILE are both set. Keep one of them."
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [("", "is empty"), ("\n", "is empty"), ("s3cret\ns3cret\n", "of 2 lines. It holds one.")],
)
def test_file_of_no_use_is_told_in_one_line_without_its_content(given, found, content, problem):
    given("SECRET_KEY", content)
    environment.text("SECRET_KEY")

    [line] = found.problems
    assert line.startswith("SECRET_KEY_FILE names a file ")
    assert problem in line
    assert "s3cret" not in line
    assert "\n" not in line


def test_missing_file_is_told(monkeypatch, found, tmp_path):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "missing"))
    environment.text("SECRET_KEY")

    assert list(found.problems) == [
        f"SECRET_KEY_FILE names a file that is missing. Its path is {tmp_path / 'missing'}."
    ]


@pytest.mark.parametrize("secret", ["s3cret", "redis://:s3cret@h/0", "s3cret/with+slash="])
def test_a_secret_in_the_place_of_a_path_is_not_told(monkeypatch, found, secret):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("REDIS_URL_FILE", secret)
    environment.text("REDIS_URL")

    [line] = found.problems
    assert line.startswith("REDIS_URL_FILE names a file that is missing. It is a ")
    assert line.endswith(", and takes a path.")
    assert "s3cret" not in line


def test_other_variables_have_no_files(given):
    given("GATEWAY_ATTRIBUTION_URL", "https://file.example")

    assert environment.text("GATEWAY_ATTRIBUTION_URL", "none") == "none"


def test_own_files_are_those_that_hold_no_key_of_an_upstream(given):
    own = given("SECRET_KEY", "s3cret")
    upstreams = given("OPENAI_API_KEY", "sk-1")

    assert str(own) in own_files()
    assert str(upstreams) not in own_files()
