"""Open WebUI's document and its verification: what may not follow a connection elsewhere."""

import pytest

from connections.configuration.entry import EntryError
from connections.configuration.open_webui_config import current_document, update
from connections.configuration.open_webui_verify import upstream_to_verify
from connections.configuration.stored_headers import HIDDEN
from connections.models import Connection
from connections.models.key_source import KeySource

pytestmark = pytest.mark.django_db
URL = "https://one.example/v1"
EVIL = "https://evil.example/v1"
HEADERS = {"X-Secret": "stored-header-value"}
LEADING_ELSEWHERE = [
    EVIL,
    "http://one.example/v1",
    "https://one.example:8443/v1",
    "https://one.example./v1",
    "https://one.example.evil.example/v1",
    "https://one.example/v2",
]


def make(name="one", *keys, **fields):
    row = Connection.objects.create(name=name, **({"base_url": URL} | fields))
    row.replace_keys(KeySource.parse(key) for key in keys)
    return row


def refusal(document):
    with pytest.raises(EntryError) as caught:
        update(document)
    return caught.value


def everything():
    return list(Connection.objects.order_by("pk").values())


@pytest.mark.parametrize("url", LEADING_ELSEWHERE)
def test_masked_headers_do_not_follow_to_another_url(url):
    make(headers=HEADERS)
    document = current_document()
    document["OPENAI_API_BASE_URLS"] = [url]

    assert refusal(document).field == "headers"
    assert Connection.objects.get().base_url == URL


@pytest.mark.parametrize("config", [{}, {"enable": True}, {"tags": ["a"]}])
def test_headers_that_are_not_named_do_not_follow_either(config):
    make(headers=HEADERS)

    error = refusal({"OPENAI_API_BASE_URLS": [EVIL], "OPENAI_API_CONFIGS": {"0": config}})

    assert error.field == "headers"
    assert Connection.objects.get().base_url == URL


def test_headers_that_are_given_again_do():
    make(headers=HEADERS)
    configs = {"0": {"headers": {"X-Secret": "new"}}}

    update({"OPENAI_API_BASE_URLS": [EVIL], "OPENAI_API_CONFIGS": configs})

    row = Connection.objects.get()
    assert (row.base_url, row.headers) == (EVIL, {"X-Secret": "new"})


def test_same_url_with_its_port_keeps_what_is_secret():
    make("one", "sk-0123456789abcdef", headers=HEADERS)
    document = current_document()
    document["OPENAI_API_BASE_URLS"] = ["https://one.example:443/v1"]

    update(document)

    row = Connection.objects.get()
    assert row.headers == HEADERS
    assert [key.reveal() for key in row.keys.all()] == ["sk-0123456789abcdef"]


def test_mask_means_nothing_for_a_new_connection():
    make("one", headers=HEADERS)
    configs = {"1": {"headers": {"X-Secret": HIDDEN}}}

    error = refusal({"OPENAI_API_BASE_URLS": [URL, EVIL], "OPENAI_API_CONFIGS": configs})

    assert error.field == "headers"


def test_mask_at_the_place_of_a_removed_connection_opens_nothing():
    make("one", headers=HEADERS)
    make("two", base_url="https://two.example/v1")
    configs = {"0": {"headers": {"X-Secret": HIDDEN}}}
    document = {"OPENAI_API_BASE_URLS": [EVIL, "https://two.example/v1"]}

    assert refusal(document | {"OPENAI_API_CONFIGS": configs}).field == "headers"


def test_connections_that_change_places_keep_their_own():
    make("one", headers={"X-Secret": "of-one"})
    make("two", base_url="https://two.example/v1", headers={"X-Secret": "of-two"})
    document = current_document()
    document["OPENAI_API_BASE_URLS"].reverse()

    update(document)

    found = dict(Connection.objects.values_list("base_url", "headers"))
    assert found[URL] == {"X-Secret": "of-one"}
    assert found["https://two.example/v1"] == {"X-Secret": "of-two"}


def test_verification_knows_masked_headers_at_their_own_url_alone():
    make(headers=HEADERS)
    form = {"config": {"headers": {"x-secret": HIDDEN}}}

    upstream = upstream_to_verify(form | {"url": "https://ONE.example:443/v1/"})

    assert upstream.headers == (("x-secret", "stored-header-value"),)
    for url in LEADING_ELSEWHERE:
        with pytest.raises(EntryError, match="headers hold hidden values"):
            upstream_to_verify(form | {"url": url})


def test_verification_takes_headers_and_key_of_the_same_connection():
    make("one", "sk-aaaaaaaaaaaa-1111", headers={"X-Secret": "of-one"})
    make("two", "sk-bbbbbbbbbbbb-2222", headers={"X-Secret": "of-two"})

    upstream = upstream_to_verify(
        {"url": URL, "key": "…2222", "config": {"headers": {"X-Secret": HIDDEN}}}
    )

    assert upstream.headers == (("X-Secret", "of-two"),)
    assert [key.secret for key in upstream.keys] == ["sk-bbbbbbbbbbbb-2222"]


@pytest.mark.parametrize("auth_type", ["session", "system_oauth"])
def test_document_sets_up_nothing_that_passes_on_what_is_the_callers(auth_type):
    make()
    before = everything()

    added = {"OPENAI_API_BASE_URLS": [URL, EVIL]}
    assert refusal(added | {"OPENAI_API_CONFIGS": {"1": {"auth_type": auth_type}}}).field
    changed = {"OPENAI_API_BASE_URLS": [URL], "OPENAI_API_CONFIGS": {URL: {"auth_type": auth_type}}}
    assert refusal(changed).field == "auth_type"
    assert everything() == before


@pytest.mark.parametrize(
    "config",
    [
        {"auth_type": "bearer"},
        {"auth_type": "none"},
        {"auth_type": "system_oauth"},
        {"auth_type": ""},
        {"azure": True},
        {"provider": "ollama"},
        {"headers": {"X-A": "b"}},
        {"model_ids": ["gpt-4o", "o1"]},
        {"prefix_id": "x"},
        {"tags": ["a"]},
        {"api_type": "responses"},
        {"connection_type": "internal"},
    ],
)
def test_document_changes_nothing_that_passes_on_what_is_the_callers(config):
    make(auth_type="session", model_ids=["gpt-4o"], forward_cookies=True)
    before = everything()

    refusal({"OPENAI_API_BASE_URLS": [URL], "OPENAI_API_CONFIGS": {"0": config}})

    assert everything() == before


@pytest.mark.parametrize("config", [{}, {"auth_type": "session"}, {"auth_type": "bearer"}])
def test_document_leads_nothing_elsewhere_that_passes_on_what_is_the_callers(config):
    make(auth_type="session", model_ids=["gpt-4o"])
    before = everything()
    for url in LEADING_ELSEWHERE:
        refusal({"OPENAI_API_BASE_URLS": [url], "OPENAI_API_CONFIGS": {"0": config}})

    assert everything() == before


def test_document_turns_such_a_connection_off_and_not_on():
    make(auth_type="session", model_ids=["gpt-4o"])
    document = current_document()
    document["OPENAI_API_CONFIGS"]["0"]["enable"] = False
    update(document)
    assert not Connection.objects.get().is_enabled

    document["OPENAI_API_CONFIGS"]["0"]["enable"] = True
    assert refusal(document).field == "enabled"
    assert not Connection.objects.get().is_enabled


def test_document_that_was_not_changed_is_taken_whatever_it_holds():
    make("one", "sk-0123456789abcdef", headers=HEADERS)
    make("two", base_url="https://two.example", auth_type="session", forward_cookies=True)
    make("three", base_url="https://three.example", auth_type="azure_ad")  # from before the rule
    make("four", base_url="https://four.example", verify_tls="/gone/ca.pem")
    before = everything()

    update(current_document())

    assert everything() == before


@pytest.mark.parametrize("auth_type", ["azure_ad", "microsoft_entra_id"])
def test_identity_goes_to_no_host_of_the_document(auth_type):
    config = {"auth_type": auth_type}

    error = refusal({"OPENAI_API_BASE_URLS": [EVIL], "OPENAI_API_CONFIGS": {"0": config}})
    assert error.field == "base_url"
    with pytest.raises(EntryError, match="GATEWAY_IDENTITY_HOSTS"):
        upstream_to_verify({"url": EVIL, "config": config})

    url = "https://res.openai.azure.com"
    update({"OPENAI_API_BASE_URLS": [url], "OPENAI_API_CONFIGS": {"0": config}})
    assert upstream_to_verify({"url": url, "config": config}).auth_type == auth_type


@pytest.mark.parametrize("auth_type", ["session", "system_oauth"])
def test_verification_passes_on_the_callers_own_where_a_connection_does_it_anyway(auth_type):
    make("one", auth_type=auth_type)
    make("off", base_url="https://off.example", auth_type=auth_type, is_enabled=False)
    make("plain", base_url="https://plain.example")
    config = {"auth_type": auth_type}

    assert upstream_to_verify({"url": URL, "config": config}).auth_type == auth_type
    for url in (*LEADING_ELSEWHERE, "https://off.example", "https://plain.example"):
        with pytest.raises(EntryError) as caught:
            upstream_to_verify({"url": url, "config": config})
        assert caught.value.field == "auth_type"
