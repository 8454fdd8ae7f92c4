"""A person tries their models in a browser, over the API that programs use."""

import os
import re
import subprocess
import sys

import httpx
import pytest
from playwright.sync_api import expect

from tests.proxy.workers.live.conftest import signed_in
from tests.support.api import CHAT, client_of, wait_for_models
from tests.support.browsers import (
    DESK,
    FOUND,
    HAS_PARTS_BESIDE,
    ONLY_SEEN,
    PHONE,
    a_browser,
    troubles_of,
)
from tests.support.client_packages import node_project
from tests.support.environment import ROOT
from tests.support.processes import PATIENCE_SECONDS, wait_until
from tests.support.responders import chunk, hang, head, json_response, raw, sse
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, pytest.mark.pages, on_one_backing]

DEMO = ("demo-chat", "demo-echo", "demo-embedding", "demo-stt", "demo-tts", "demo/slashed:free")
THINKER, HAIKU, SPEAKER = "gpt-5.2", "claude-haiku-4-5", "kokoro-tts"
SPEECH, VOICES = "/v1/audio/speech", "/v1/audio/voices"
HOSTILE = "<img src=x onerror=pwned=1><script>pwned=1</script>\n```html\n<b onclick=pwned=1>\n```"
OPENAI_VOICES = [
    "alloy",
    "ash",
    "ballad",
    "coral",
    "echo",
    "fable",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
]
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccf"
    "f0bf1e000684027f3e1a2b5b0000000049454e44ae426082"
)
PRICE = f"""
from usage.models import Price
for model in {THINKER, HAIKU}:
    Price.objects.create(model=model, input_per_million=1.25, output_per_million=10)
"""
IN_STORES = """() => JSON.stringify([
    {...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state,
    document.documentElement.outerHTML, performance.getEntriesByType("resource").map(r => r.name),
])"""


def delta(**fields):
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


def answers(*deltas):
    usage = {"prompt_tokens": 9, "completion_tokens": 40, "total_tokens": 49}
    return sse(*deltas, {"choices": [], "usage": usage})


@pytest.fixture(scope="module")
def demo_url():
    command = [sys.executable, "manage.py", "demo_upstream", "--port", "0", "--delay-ms", "5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:
        yield re.search(r"http://\S+/v1", demo.stdout.readline())[0]
        demo.terminate()


@pytest.fixture(scope="module")
def scripted():
    with ScriptedUpstream(models=(THINKER, HAIKU, SPEAKER)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def key(gateway, demo_url, scripted):
    """A key of emma's, who may use every model; lena may ask once an hour."""
    once = {"label": "once an hour", "user": "lena", "metric": "requests", "window": "hour"}
    gateway.api_key("lena")
    gateway.configure(
        connections=[
            {"name": "demo", "base_url": demo_url, "auth_type": "none"},
            {"name": "scripted", "base_url": scripted.url, "keys": ["sk-upstream"]},
        ],
        grants=[{"models": ["*"], "everyone": True}],
        limits=[once | {"amount": 1}],
    )
    gateway.manage("shell", "-v0", "-c", PRICE)
    key = gateway.api_key("emma")
    with client_of(gateway, key) as emma:
        wait_for_models(emma, *DEMO, THINKER, HAIKU, SPEAKER)
    return key


@pytest.fixture(scope="module")
def chrome():
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with a_browser() as browser:
        yield browser
    expect.set_options(timeout=5000)  # Playwright's own


@pytest.fixture(scope="module")
def session(gateway, key):
    return signed_in(gateway, "emma")


@pytest.fixture
def open_page(gateway, chrome):
    """``open_page(session)``: the playground. Console errors, violations of the policy and
    requests elsewhere fail, and so do calls of the API with a cookie."""
    cookies, contexts, watched = [], [], []

    def watch(request):
        if "/v1/" in request.url and "cookie" in request.all_headers():
            cookies.append(f"a cookie with {request.url}")

    def opened(session_key, path="/playground", size=DESK):
        context = chrome.new_context(viewport=size)
        contexts.append(context)
        cookie = {"name": "sessionid", "value": session_key, "url": gateway.url}
        context.add_cookies([cookie])
        page = context.new_page()
        watched.append(troubles_of(page, gateway.url))
        page.on("request", watch)
        page.goto(gateway.url + path)
        expect(page.get_by_role("button", name="Send")).to_be_enabled()
        return page

    yield opened
    for context in contexts:
        context.close()
    refusals = "the server responded with a status of 4"  # which some tests bring about
    assert [each for page in watched for each in page if refusals not in each] == []
    assert cookies == []


@pytest.fixture
def page(open_page, session):
    return open_page(session)


def model_field(page, side="First"):
    return page.get_by_role("combobox", name=f"{side} model: model")


def ask(page, text, model=None):
    if model:
        model_field(page).fill(model)
    page.get_by_role("textbox", name="Message").fill(text)
    page.keyboard.press("Enter")


def answer(page, side="First"):
    return page.get_by_role("log", name=f"{side} model: conversation").locator(".answer").last


def figure(page, label, side="First"):
    rows = answer(page, side).locator(".answer-figures div")
    return rows.filter(has=page.get_by_text(label, exact=True)).locator("dd")


def test_an_answer_streams_in_with_its_figures_and_is_recorded_as_the_playgrounds(
    gateway, page, key
):
    ask(page, "How are you?", "demo-chat")
    expect(answer(page)).to_contain_text("You wrote: “How are you?”")
    expect(figure(page, "First token")).to_contain_text("ms")
    expect(figure(page, "Speed")).to_contain_text("tokens/s")
    expect(figure(page, "Tokens")).to_contain_text("3 in, ")
    expect(figure(page, "Cost")).to_contain_text("unknown")
    expect(figure(page, "Served by")).to_have_text("demo-chat")
    request_id = figure(page, "Request").locator("code").inner_text()
    assert request_id.startswith("req")
    with client_of(gateway, key) as emma:
        lines = emma.get("/v1/usage", params={"by": "key"}).json()["data"]
    assert any("playground" in str(line) and line["requests"] == 1 for line in lines), lines


def test_escape_stops_an_answer_and_the_request_ends(page, scripted):
    begun = head(content_type="text/event-stream", transfer_encoding="chunked")
    first = b'data: {"choices":[{"index":0,"delta":{"content":"Once upon"}}]}\n\n'
    with scripted.as_it_was():
        scripted.on("POST", CHAT, hang(begun + chunk(first)))
        gone = scripted.disconnects
        ask(page, "A story", THINKER)
        expect(answer(page)).to_contain_text("Once upon")
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        page.keyboard.press("Escape")
        expect(answer(page)).to_contain_text("Stopped.")
        assert scripted.wait_for_disconnect(count=gone + 1)
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_two_models_are_compared(page):
    page.get_by_label("Compare two models").check()
    model_field(page, "Second").fill("demo-echo")
    ask(page, "to be or not to be", "demo-chat")
    expect(answer(page)).to_contain_text("Hello! This is the demo model")
    expect(answer(page, "Second").locator(".answer-text")).to_have_text("to be or not to be")


def test_reasoning_is_folded_and_a_script_stays_a_text(page, scripted):
    with scripted.as_it_was():
        scripted.on(
            "POST", CHAT, answers(delta(reasoning_content="Let me see."), delta(content=HOSTILE))
        )
        ask(page, HOSTILE, THINKER)
        expect(answer(page).locator("pre")).to_have_text("<b onclick=pwned=1>")
    expect(answer(page)).to_contain_text("<script>pwned=1</script>")
    expect(page.get_by_text("Let me see.")).to_be_hidden()
    page.get_by_text("Reasoning", exact=True).click()
    expect(page.get_by_text("Let me see.")).to_be_visible()
    assert page.evaluate("typeof pwned") == "undefined"
    expect(figure(page, "Cost")).to_have_text("$0.000411")
    answer(page).get_by_role("button", name="Copy", exact=True).click()
    expect(answer(page).get_by_role("button", name=re.compile("Copied|Ctrl-C"))).to_be_visible()


def test_an_answer_is_asked_for_again_and_a_question_edited(page):
    ask(page, "one", "demo-echo")
    expect(answer(page).locator(".answer-text")).to_have_text("one")
    ask(page, "two")
    expect(answer(page).locator(".answer-text")).to_have_text("two")
    answer(page).get_by_role("button", name="Regenerate").click()
    expect(answer(page).get_by_role("button", name="Regenerate")).to_be_visible()
    expect(page.locator(".pane:visible .answer")).to_have_count(2)
    page.locator(".question", has_text="one").get_by_role("button", name="Edit").click()
    message = page.get_by_role("textbox", name="Message")
    expect(message).to_have_value("one")
    message.fill("three")
    message.press("Shift+Enter")
    message.press_sequentially("four")
    message.press("Enter")
    expect(answer(page).locator(".answer-text")).to_have_text("three\nfour")
    expect(page.locator(".pane:visible .answer")).to_have_count(1)


def test_parameters_are_those_of_the_family_and_reach_the_model(page, scripted):
    side = page.get_by_role("region", name="First model")
    model_field(page).fill(HAIKU)
    side.get_by_text("Parameters").click()
    side.get_by_label("Temperature").fill("0.5")
    side.get_by_label("Top p").fill("0.9")
    ask(page, "Hello")
    expect(page.get_by_role("status").filter(has_text="not both")).to_be_visible()
    model_field(page).fill(THINKER)
    expect(side.get_by_label("Temperature")).to_have_count(0)
    side.get_by_label("Effort of reasoning").select_option("high")
    side.get_by_label("Most tokens of the answer").fill("64")
    page.get_by_text("System prompt").first.click()
    page.get_by_role("textbox", name="System prompt").fill("Be brief.")
    before = len(scripted.calls)
    page.get_by_role("textbox", name="Message").press("Enter")
    expect(answer(page)).to_be_visible()
    wait_until(lambda: len(scripted.calls) > before, what="the call")
    sent = scripted.calls[-1].json
    assert (sent["reasoning_effort"], sent["max_completion_tokens"]) == ("high", 64)
    assert sent["messages"][0]["content"] == "Be brief."
    assert "temperature" not in sent


def test_an_image_is_sent_and_one_too_large_is_refused(page, scripted):
    files = page.get_by_label("Add images")
    big = {"name": "big.png", "mimeType": "image/png", "buffer": b"\0" * (5 * 2**20 + 1)}
    files.set_input_files([big])
    expect(page.get_by_text("big.png is larger than 5 MB.")).to_be_visible()
    files.set_input_files([{"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL}])
    expect(page.get_by_alt_text("Image 1 of the message")).to_be_visible()
    before = len(scripted.calls)
    ask(page, "What is this?", HAIKU)
    expect(page.get_by_alt_text("Your image")).to_be_visible()
    wait_until(lambda: len(scripted.calls) > before, what="the call")
    text, image = scripted.calls[-1].json["messages"][-1]["content"]
    assert text == {"type": "text", "text": "What is this?"}
    assert image["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


def test_the_conversation_as_a_program_does_what_the_page_did(gateway, page, key, tmp_path):
    ask(page, 'Say "hi" \\ and ünïcode', "demo-echo")
    expect(answer(page).get_by_role("button", name="Regenerate")).to_be_visible()
    page.get_by_role("button", name="View code").click()
    said = {}
    for language in ("curl", "Python", "Node"):
        page.get_by_role("dialog").get_by_role("button", name=language).click()
        program = page.get_by_role("dialog").locator("pre").inner_text()
        assert "sk-gw-" not in program
        environment = os.environ | {"GATEHOUSE_API_KEY": key}
        command = {
            "curl": ["sh", "-c", program],
            "Python": [sys.executable, "-c", program],
        }.get(language)
        if command is None:
            project = node_project("node", tmp_path)
            (project / "snippet.mjs").write_text(program)
            command = ["node", str(project / "snippet.mjs")]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        said[language] = done.stdout
    assert said["Python"] == said["Node"] == 'Say "hi" \\ and ünïcode\n'
    assert '\\"hi\\"' in said["curl"]


def test_a_limit_that_is_reached_is_told_with_what_to_do(gateway, key, open_page):
    page = open_page(signed_in(gateway, "lena"))
    ask(page, "one", "demo-echo")
    expect(answer(page).get_by_role("button", name="Regenerate")).to_be_visible()
    ask(page, "two")
    expect(answer(page).locator(".failure")).to_contain_text("once an hour")
    expect(answer(page).locator(".failure")).to_contain_text("Try again in")


def test_an_answer_is_read_aloud(page):
    ask(page, "Hello", "demo-echo")
    answer(page).get_by_role("button", name="Listen").click()
    audio = answer(page).locator("audio")
    expect(audio).to_be_visible()
    page.wait_for_function("document.querySelector('audio').readyState > 0")


@pytest.mark.parametrize(
    ("listed", "suggested", "first"),
    [
        ({"voices": ["af_sky", "bm_george"]}, ["af_sky", "bm_george"], "af_sky"),
        ({"voices": [{"id": "af_sky", "name": "Sky"}, {"id": "alloy"}]}, ["af_sky", "alloy"], None),
        ({"voices": "none"}, None, None),
        (None, None, None),
    ],
)
def test_a_voice_is_chosen_among_those_of_the_upstream_or_typed(
    page, scripted, listed, suggested, first
):
    with scripted.as_it_was():
        if listed is not None:
            scripted.on("GET", VOICES, json_response(listed))
        scripted.on("POST", SPEECH, raw(head(content_type="audio/wav", content_length=4) + b"RIFF"))
        ask(page, f"Hello {listed}", "demo-echo")  # no recording that is kept
        expect(answer(page).get_by_role("button", name="Listen")).to_be_visible()
        before = len(scripted.calls)
        page.get_by_text("Voice", exact=True).first.click()
        page.get_by_label("Speech model").select_option(SPEAKER)
        voice = page.get_by_role("combobox", name="Voice")
        voice.focus()
        offered = page.locator("#voices option")
        expect(offered).to_have_count(len(suggested or OPENAI_VOICES))
        values = offered.evaluate_all("all => all.map(one => one.value)")
        assert values == (suggested or OPENAI_VOICES)
        expect(voice).to_have_value(first or "alloy")
        answer(page).get_by_role("button", name="Listen").click()
        expect(answer(page).locator("audio")).to_be_visible()
        voice.fill("a voice of my own")
        answer(page).get_by_role("button", name="Listen").click()
        wait_until(lambda: len(scripted.calls) == before + 2, what="the second recording")
        expect(answer(page).locator("audio")).to_have_count(1)
    voices = [call.json["voice"] for call in scripted.calls[before:]]
    assert voices == [first or "alloy", "a voice of my own"]


def test_either_side_of_a_comparison_is_shown_as_a_program(page):
    dialog, sides = page.get_by_role("dialog"), page.get_by_role("group", name="Model")
    model_field(page).fill("demo-chat")
    page.get_by_role("button", name="View code").click()
    expect(sides).to_be_hidden()
    page.get_by_role("button", name="Close").click()
    page.get_by_label("Compare two models").check()
    model_field(page, "Second").fill("demo-echo")
    ask(page, "Hello")
    expect(answer(page, "Second").get_by_role("button", name="Regenerate")).to_be_visible()
    expect(answer(page).get_by_role("button", name="Regenerate")).to_be_visible()
    page.get_by_role("button", name="View code").click()
    expect(dialog.locator("pre")).to_contain_text('"model": "demo-chat"')
    second = dialog.get_by_role("button", name="Second model: demo-echo")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    dialog.get_by_role("button", name="Python").click()
    expect(dialog.locator("pre")).to_contain_text('model="demo-echo"')
    page.get_by_role("button", name="Close").click()
    page.get_by_label("Compare two models").uncheck()
    page.get_by_role("button", name="View code").click()
    expect(dialog.locator("pre")).to_contain_text('model="demo-chat"')


def test_the_token_stays_in_memory_and_ends_with_the_sign_out(gateway, key, open_page):
    page = open_page(signed_in(gateway, "emma"))
    with page.expect_request(f"**{CHAT}") as sent:
        ask(page, "Hello", "demo-echo")
    expect(answer(page).get_by_role("button", name="Regenerate")).to_be_visible()
    credential = sent.value.header_value("authorization")
    assert credential.startswith("Bearer sk-gw-")
    assert credential.removeprefix("Bearer ") not in page.evaluate(IN_STORES)
    assert "sk-gw-" not in page.evaluate(IN_STORES)
    headers = {"authorization": credential}
    models = f"{gateway.url}/v1/models"
    assert httpx.get(models, headers=headers).status_code == 200
    page.get_by_text("emma", exact=True).click()
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    wait_until(
        lambda: httpx.get(models, headers=headers).status_code == 401, what="the end of the token"
    )


def test_the_page_has_no_finding_and_fits_a_desk_and_a_phone(gateway, key, open_page, axe):
    session = signed_in(gateway, "emma")
    troubles = []
    for size in (DESK, PHONE):
        page = open_page(session, "/playground?model=demo-echo", size)
        page.get_by_label("Compare two models").check()
        page.get_by_text("Parameters").first.click()
        page.get_by_text("Voice", exact=True).first.click()
        ask(page, "Some code:\n```python\nprint('a long line of code that does not fit', 1)\n```")
        expect(answer(page, "Second").get_by_role("button", name="Regenerate")).to_be_visible()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.evaluate(axe)
            is_first = size is DESK and theme == "light"
            found = page.evaluate(FOUND, {} if is_first else ONLY_SEEN)
            if page.evaluate(HAS_PARTS_BESIDE):
                found.append("the page is wider than the window")
            troubles += [f"{theme} at {size['width']}: {each}" for each in found]
    assert troubles == []


def test_the_pages_about_the_api_have_no_finding(gateway, page, axe):
    troubles = []
    for size, theme in ((DESK, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=theme)
        page.goto(f"{gateway.url}/docs")
        page.get_by_text("Chat with a model").click()
        expect(page.get_by_role("cell", name="reasoning_effort")).to_be_visible()
        page.evaluate(axe)
        troubles += page.evaluate(FOUND, {} if size is DESK else ONLY_SEEN)
        if page.evaluate(HAS_PARTS_BESIDE):
            troubles.append(f"the page is wider than {size['width']}")
    assert troubles == []
