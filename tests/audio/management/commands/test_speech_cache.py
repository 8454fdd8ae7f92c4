"""``manage.py speech_cache``"""

import orjson
import pytest
from django.core.management import CommandError, call_command

from audio.speech_cache import configured_store
from audio.tally import Tally


@pytest.fixture
def store(settings, tmp_path):
    settings.GATEWAY_SPEECH_CACHE_DIR = str(tmp_path)
    store = configured_store()
    writer = store.write("ab" + "0" * 62)
    writer.write(b"sound")
    writer.commit("audio/mpeg")
    writer.close()
    return store


def said(capsys, *arguments):
    call_command("speech_cache", *arguments)
    return capsys.readouterr().out


def test_stats_say_what_there_is_and_how_often_it_helped(store, capsys):
    tally = Tally(store.directory / "tally.json")
    tally.hit()
    tally.save()
    stats = orjson.loads(said(capsys, "stats", "--json"))
    assert (stats["schema_version"], stats["entries"]) == (1, 1)
    assert (stats["hits"], stats["misses"]) == (1, 0)
    assert str(store.directory) in said(capsys, "stats")


def test_clear_removes_all_and_says_how_much(store, capsys):
    assert orjson.loads(said(capsys, "clear", "--json"))["removed_entries"] == 1
    assert store.size().entries == 0


def test_what_cannot_be_cleared_is_an_error(store):
    (store.directory / "tally.json").mkdir()
    with pytest.raises(CommandError, match="cannot be cleared"):
        call_command("speech_cache", "clear")
