import pytest

from gateway_project.settings import environment
from gateway_project.settings.forms import host_problem

NAME = "GATEWAY_TEST_VALUE"

pytestmark = pytest.mark.usefixtures("found")


@pytest.fixture
def set_to(monkeypatch):
    return lambda value: monkeypatch.setenv(NAME, value)


@pytest.fixture(autouse=True)
def forget_the_name():
    yield
    environment.known.discard(NAME)


@pytest.mark.parametrize("value", ["$ecret$HOME", "pa#ss", "it's", '"two" "quoted"'])
def test_text_is_taken_as_it_is(set_to, found, value):
    set_to(value)

    assert environment.text(NAME) == value
    assert not found.mended


@pytest.mark.parametrize(
    ("value", "slip"),
    [
        ('"value"', "quotes"),
        ("'value'", "quotes"),
        ("“value”", "quotes"),
        (" value", "blanks"),
        ("value\n", "blanks"),
        ("value\r", "carriage return"),
        ("\ufeffvalue", "invisible character"),
        (' "value" ', "blanks and quotes"),
    ],
)
def test_what_surrounds_a_value_by_mistake_is_taken_away_and_told(set_to, found, value, slip):
    set_to(value)

    assert environment.text(NAME) == "value"
    [warning] = found.mended
    assert warning.startswith(f"{NAME} is surrounded by ")
    assert slip in warning
    assert "value" not in warning
    assert not found.problems


def test_quotes_with_nothing_in_them_are_not_set(set_to):
    set_to('""')

    assert environment.text(NAME, "default") == "default"


def test_prose_keeps_its_quotes(set_to, found):
    set_to(' "Be brief." ')

    assert environment.prose(NAME) == '"Be brief."'
    assert not found.mended


@pytest.mark.parametrize("value", ["Bearer sk-1", "bearer  sk-1", "Authorization: Bearer sk-1"])
def test_token_is_taken_without_what_stands_before_it_in_a_header(set_to, found, value):
    set_to(value)

    assert environment.token(NAME) == "sk-1"
    assert len(found.mended) == 1


@pytest.mark.parametrize(("value", "meaning"), [("TRUE", True), ("0", False), ("", True)])
def test_switch(set_to, value, meaning):
    set_to(value)

    assert environment.switch(NAME, default=True) is meaning


@pytest.mark.parametrize("value", ["inf", "nan", "-1", "ten", "60s", "1_000", "1,5", "0x10"])
def test_number_out_of_range_is_refused(set_to, found, value):
    set_to(value)

    assert environment.number(NAME, default=1) == 1
    [problem] = found.problems
    assert problem.startswith(f"{NAME} must be a number")


def test_a_number_above_its_maximum_is_refused(set_to, found):
    set_to("36500")
    assert environment.whole_number(NAME, default=3, maximum=environment.MOST_DAYS) == 36_500
    assert not found.problems
    set_to("36501")
    assert environment.whole_number(NAME, default=3, maximum=environment.MOST_DAYS) == 3
    assert list(found.problems) == [f"{NAME} must be a number of at most 36500."]


def test_fraction_is_no_whole_number(set_to, found):
    set_to("1.5")
    environment.whole_number(NAME, default=1)

    assert f"{NAME} must be a whole number." in found.problems


def test_what_is_refused_is_described_and_not_shown(set_to, found):
    set_to("sk-secret-of-somebody")
    environment.switch(NAME, default=True)
    environment.number(NAME, default=1)
    environment.choice(NAME, ("one", "two"))
    environment.mapping(NAME)

    assert len(found.problems) == 4
    assert all(NAME in problem and "secret" not in problem for problem in found.problems)
    assert "a text of 21 characters" in next(iter(found.problems))


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("a;b", ["a", "b"]),
        (";b;", ["", "b", ""]),
        ('["a", ""]', ["a", ""]),
        ('"a;b"', ["a", "b"]),
        ('"a";"b"', ["a", "b"]),
        ('"["a", "b"]"', ["a", "b"]),
        ("Bearer a;b", ["a", "b"]),
        ("", []),
    ],
)
def test_list_keeps_empty_items_in_their_place(set_to, found, value, items):
    set_to(value)

    found_items = environment.items(NAME, separator=";", keep_empty=True, are_tokens=True)

    assert found_items == items
    assert not found.problems


def test_each_item_is_told_by_its_place(set_to, found):
    set_to("gw.example, https://gw.example,gw.example:80")
    environment.items(NAME, form=host_problem)

    assert list(found.problems) == [
        f"Item 2 of {NAME} has a scheme. Write the host name alone: gw.example.",
        f"Item 3 of {NAME} has a port. Write the host name alone: gw.example.",
    ]


@pytest.mark.parametrize("value", ["[1, 2]", "[secret", '["a", null]', '"[secret"'])
def test_broken_list_is_refused_without_being_shown(set_to, found, value):
    set_to(value)
    environment.items(NAME, separator=";")

    [problem] = found.problems
    assert "secret" not in problem


@pytest.mark.parametrize("value", ["[]", "{secret", "{'secret': 1}", "{'a': True,}", "null"])
def test_broken_mapping_is_refused_without_being_shown(set_to, found, value):
    set_to(value)

    assert environment.mapping(NAME) == {}
    [problem] = found.problems
    assert "secret" not in problem


@pytest.mark.parametrize(
    "value", ['{"a": 1}', '"{"a": 1}"', '"{\\"a\\": 1}"', "'{\"a\": 1}'", '{\n"a": 1}\n']
)
def test_mapping_may_stand_in_quotes(set_to, found, value):
    set_to(value)

    assert environment.mapping(NAME) == {"a": 1}
    assert not found.problems


def test_unescaped_at_sign_of_a_password_is_mended(set_to, found):
    set_to("redis://user:p@ss@host:6379/0")

    assert environment.url(NAME, "redis") == "redis://user:p%40ss@host:6379/0"
    assert "%40" in next(iter(found.mended))


def test_dotenv_fills_in_what_the_environment_does_not_set(monkeypatch, tmp_path, found):
    monkeypatch.setenv(NAME, "environment")
    monkeypatch.delenv(f"{NAME}_2", raising=False)
    monkeypatch.setenv(f"{NAME}_2", "")  # has monkeypatch put it back afterwards
    monkeypatch.delenv(f"{NAME}_2")
    (tmp_path / ".env").write_text(f"{NAME}=file\n{NAME}_2 = file\nnonsense secret\n")

    environment.fill_in(tmp_path / ".env")

    assert environment.text(NAME) == "environment"
    assert environment.text(f"{NAME}_2") == "file"
    environment.known.discard(f"{NAME}_2")
    [problem], [warning] = found.problems, found.mended
    assert problem.startswith(f"Line 3 of {tmp_path / '.env'} is no NAME=value.")
    assert f"Line 2 of {tmp_path / '.env'} has blanks around the =" in warning
    assert "secret" not in problem
