import pytest

from connections.configuration.environment import environment_connections

NOTHING = {
    "OPENAI_API_BASE_URLS": [],
    "OPENAI_API_BASE_URL": "",
    "OPENAI_API_KEYS": [],
    "OPENAI_API_KEY": "",
    "OPENAI_API_CONFIGS": {},
}
TWO_URLS = ["https://api.openai.com/v1", "http://localhost:11434/v1"]


@pytest.fixture
def read(settings):
    """Reads an environment of which only the given settings are set."""

    def read(**given):
        for name, value in (NOTHING | given).items():
            setattr(settings, name, value)
        return environment_connections()

    return read


def secrets(spec):
    return [source.secret for source in spec.keys]


def test_empty_environment_describes_nothing(read):
    found = read()

    assert (found.specs, found.warnings) == ((), ())


def test_key_alone_means_openai(read):
    [spec] = read(OPENAI_API_KEY="sk-1").specs

    assert (spec.name, spec.provider, spec.base_url) == (
        "openai",
        "openai",
        "https://api.openai.com/v1",
    )
    assert secrets(spec) == ["sk-1"]


def test_lists_are_read_side_by_side(read):
    first, second = read(OPENAI_API_BASE_URLS=TWO_URLS, OPENAI_API_KEYS=["", "sk-2"]).specs

    assert (first.name, secrets(first)) == ("openai", [])
    assert (second.name, secrets(second)) == ("localhost-11434", ["sk-2"])


def test_lists_come_before_singular_forms(read):
    [spec] = read(
        OPENAI_API_BASE_URLS=["https://a.example"],
        OPENAI_API_BASE_URL="https://b.example",
        OPENAI_API_KEYS=["sk-a"],
        OPENAI_API_KEY="sk-b",
    ).specs

    assert (spec.base_url, secrets(spec)) == ("https://a.example", ["sk-a"])


def test_singular_key_stands_in_for_the_list(read):
    first, second = read(OPENAI_API_BASE_URLS=TWO_URLS, OPENAI_API_KEY="sk-1").specs

    assert (secrets(first), secrets(second)) == (["sk-1"], [])


def test_singular_forms_may_hold_several(read):
    first, second = read(
        OPENAI_API_BASE_URL='https://a.example;"https://b.example"',
        OPENAI_API_KEY="sk-a;Bearer sk-b",
    ).specs

    assert (secrets(first), secrets(second)) == (["sk-a"], ["sk-b"])


def test_missing_keys_are_empty(read):
    assert [secrets(spec) for spec in read(OPENAI_API_BASE_URLS=TWO_URLS).specs] == [[], []]


def test_surplus_keys_are_dropped_with_a_warning(read):
    found = read(OPENAI_API_BASE_URLS=["https://a.example"], OPENAI_API_KEYS=["sk-a", "sk-surplus"])

    assert secrets(found.specs[0]) == ["sk-a"]
    assert "2 keys for 1 base URLs" in found.warnings[0]
    assert "sk-surplus" not in found.warnings[0]


def test_keys_may_be_references(read):
    keys = ["env:A_KEY", "file:/run/secrets/b"]
    first, second = read(OPENAI_API_BASE_URLS=TWO_URLS, OPENAI_API_KEYS=keys).specs

    assert [key.masked for spec in (first, second) for key in spec.keys] == keys


def test_key_file_out_of_its_folder_leaves_its_entry_out(read):
    found = read(OPENAI_API_KEY="file:/etc/passwd")

    assert found.left_out == {"openai"}
    assert "Item 1 of OPENAI_API_KEYS: is a key whose file is not within" in found.warnings[0]


def test_fewer_keys_than_urls_are_told(read):
    [warning] = read(OPENAI_API_BASE_URLS=TWO_URLS, OPENAI_API_KEYS=["sk-a"]).warnings

    assert "fewer items (1) than there are base URLs (2)" in warning


def test_no_keys_at_all_are_meant(read):
    assert read(OPENAI_API_BASE_URLS=TWO_URLS).warnings == ()


def test_commas_between_urls_are_told(read):
    [warning] = read(OPENAI_API_BASE_URLS=["https://a.example,https://b.example"]).warnings

    assert "Put semicolons between the items" in warning


def test_empty_url_in_the_list_means_openai(read):
    specs = read(OPENAI_API_BASE_URLS=["", "https://b.example"]).specs

    assert [spec.name for spec in specs] == ["openai", "b-example"]


def test_config_by_index_says_everything_about_a_connection(read):
    config = {
        "enable": False,
        "model_ids": ["gpt-4o"],
        "prefix_id": "team",
        "tags": [{"name": "fast"}, "cheap"],
        "connection_type": "local",
        "auth_type": "none",
        "headers": {"X-Team": "search"},
    }
    _, spec = read(OPENAI_API_BASE_URLS=TWO_URLS, OPENAI_API_CONFIGS={"1": config}).specs

    assert (spec.enabled, spec.model_ids, spec.prefix_id) == (False, ("gpt-4o",), "team")
    assert (spec.tags, spec.connection_type) == (("fast", "cheap"), "internal")
    assert (spec.auth_type, spec.headers) == ("none", (("X-Team", "search"),))


@pytest.mark.parametrize("key", [TWO_URLS[1], f"{TWO_URLS[1]}/"])
def test_config_by_url_is_found(read, key):
    found = read(OPENAI_API_BASE_URLS=TWO_URLS, OPENAI_API_CONFIGS={key: {"prefix_id": "old"}})

    assert [spec.prefix_id for spec in found.specs] == ["", "old"]
    assert not found.warnings


def test_index_comes_before_url(read):
    configs = {"0": {"prefix_id": "index"}, TWO_URLS[0]: {"prefix_id": "url"}}

    assert read(OPENAI_API_BASE_URLS=TWO_URLS, OPENAI_API_CONFIGS=configs).specs[0].prefix_id == (
        "index"
    )


def test_unknown_field_is_a_warning_and_not_fatal(read):
    found = read(OPENAI_API_KEY="sk-1", OPENAI_API_CONFIGS={"0": {"colour": "red"}})

    assert len(found.specs) == 1
    assert "'colour' is not known" in found.warnings[0]


def test_config_for_no_url_is_a_warning(read):
    found = read(OPENAI_API_KEY="sk-1", OPENAI_API_CONFIGS={"4": {}})

    assert "'4'" in found.warnings[0]


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"model_ids": "gpt-4o"}, "model_ids must be a list"),
        ({"enable": "yes"}, "enable must be true or false"),
        ({"auth_type": "telepathy"}, "auth_type must be one of"),
        ({"headers": {"Host": "evil"}}, "headers is not valid"),
        ("nonsense", "must be a JSON object"),
    ],
)
def test_entry_that_cannot_be_used_is_left_out_alone(read, config, problem):
    found = read(OPENAI_API_BASE_URLS=TWO_URLS, OPENAI_API_CONFIGS={"0": config})

    assert [spec.name for spec in found.specs] == ["localhost-11434"]
    assert problem in found.warnings[0]


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "nonsense", "http://[::1", "http://169.254.169.254"]
)
def test_url_that_cannot_be_used_is_left_out_alone(read, url):
    found = read(OPENAI_API_BASE_URLS=[url, TWO_URLS[0]])

    assert [spec.name for spec in found.specs] == ["openai"]
    assert "Entry 0" in found.warnings[0]


@pytest.mark.parametrize(
    ("url", "config", "provider"),
    [
        ("https://api.openai.com/v1", {}, "openai"),
        ("https://openrouter.ai/api/v1", {}, "openrouter"),
        ("https://res.openai.azure.com", {}, "azure"),
        ("https://res.openai.azure.com", {"azure": False}, "compatible"),
        ("https://proxy.example/azure", {"azure": True}, "azure"),
        ("https://api.openai.com.evil.example/v1", {}, "compatible"),
        ("https://example.com/api.openai.com", {}, "compatible"),
        ("http://localhost:11434", {}, "compatible"),
    ],
)
def test_provider_is_told_from_config_and_host(read, url, config, provider):
    [spec] = read(OPENAI_API_BASE_URLS=[url], OPENAI_API_CONFIGS={"0": config}).specs

    assert spec.provider == provider


def test_azure_keeps_its_api_version(read):
    config = {"azure": True, "api_version": "2024-10-21", "model_ids": ["gpt-4o"]}
    [spec] = read(
        OPENAI_API_BASE_URLS=["https://res.openai.azure.com"], OPENAI_API_CONFIGS={"0": config}
    ).specs

    assert (spec.name, spec.api_version) == ("res-openai-azure-com", "2024-10-21")


def test_names_are_unique_and_stable(read):
    urls = ["http://localhost:2", "http://localhost", "http://localhost", "http://[::1]:8000"]
    names = [spec.name for spec in read(OPENAI_API_BASE_URLS=urls).specs]

    assert names == ["localhost-2", "localhost", "localhost-3", "1-8000"]
    assert names == [spec.name for spec in read(OPENAI_API_BASE_URLS=urls).specs]


def test_key_does_not_show_in_the_text_of_what_was_found(read):
    assert "sk-secret" not in repr(read(OPENAI_API_KEY="sk-secret"))
