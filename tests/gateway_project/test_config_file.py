import pytest

from gateway_project.config_file.document import read_document
from gateway_project.config_file.source import ConfigFileError

COMPLETE = """
connections:
  - name: openai
    provider: openai
    base_url: https://api.openai.com/v1
    keys: [env:OPENAI_API_KEY, sk-literal]
    api_version: 2024-10-21
    timeout_seconds: 300
grants:
  - models: ["gpt-4o", "openai/*"]
    groups: [staff]
    users: [bob]
    everyone: false
groups: [{name: staff, users: [alice]}]
settings: {enable_openai_api: true, models_cache_ttl: 1}
"""


def problem_of(content):
    with pytest.raises(ConfigFileError) as caught:
        read_document(content)
    return caught.value


def test_complete_file_is_read():
    document = read_document(COMPLETE)

    assert [spec.name for spec in document.connections] == ["openai"]
    assert document.grants[0].models == ("gpt-4o", "openai/*")
    assert document.groups[0].users == ("alice",)
    assert document.settings == {"enable_openai_api": True, "models_cache_ttl": 1.0}
    assert (document.user_names, document.group_names) == ({"alice", "bob"}, {"staff"})


@pytest.mark.parametrize("content", ["", "# nothing\n", "{}", "connections:\ngrants: []\n"])
def test_file_may_say_nothing(content):
    document = read_document(content)

    assert (document.connections, document.grants, document.settings) == ((), (), {})


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("connections:\n  - name: [", 2, "not YAML"),
        ("a: 1\n\tb: 2\n", 2, "not YAML"),
        ("connections: !!python/object:os.system {}\n", 1, "not YAML"),
        ("conections: []\n", 1, "did you mean connections?"),
        ("connections: {}\n", 1, "must be a list"),
        ("connections:\n- name: a\n  base_url: https://a.example\n  enabld: 1\n", 4, "enabled?"),
        ("connections:\n- name: a\n  base_url: https://a.example\n  priority: x\n", 4, "priority"),
        ("\nconnections:\n- name: a\n", 3, "base_url is missing"),
        ("connections:\n- just text\n", 2, "must be a mapping"),
        ("groups:\n- name: a\n- name: a\n", 3, "two entries named a"),
        ("groups:\n- name: a\n  name: b\n", 3, "name stands here a second time"),
        ("grants:\n- groups: [a]\n", 2, "models is missing"),
        ("grants:\n- models: [a]\n", 2, "names no group, no user and not everyone"),
        ("grants:\n- models: []\n  everyone: true\n", 2, "names no model"),
        ("settings:\n  models_cache_tll: 1\n", 2, "did you mean models_cache_ttl?"),
        ("settings:\n  models_cache_ttl: .inf\n", 2, "at least 0"),
        ("settings: []\n", 1, "must be a mapping"),
    ],
)
def test_error_names_its_line_and_what_is_wrong(content, line, words):
    error = problem_of(content)

    assert error.line == line
    assert words in str(error)


def test_error_shows_no_key():
    broken = "connections:\n- name: a\n  keys: [sk-secret\n  base_url: x\n"

    assert "sk-secret" not in str(problem_of(broken))


def test_file_that_is_no_mapping_is_refused():
    assert "must be a mapping" in str(problem_of("- a\n- b\n"))


def test_repeated_aliases_are_read_in_no_time():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]

    assert "a0 is not a field" in str(problem_of("\n".join(lines)))
