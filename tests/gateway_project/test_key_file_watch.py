import asyncio

import pytest
from django.db import OperationalError

from connections.models.key_files import KeyFiles
from gateway_project import key_file_watch
from gateway_project.key_file_watch import follow_key_files


async def test_change_is_taken_up_once_the_database_answers(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(key_file_watch, "LOOK_SECONDS", 0.01)
    settings.GATEWAY_KEY_FILES_DIR = str(tmp_path)
    path = tmp_path / "key"
    path.write_text("sk-1")
    files, done, calls = KeyFiles(), asyncio.Event(), []
    files.read(str(path))

    async def reload():
        calls.append(files.read(str(path)))
        if len(calls) == 1:
            raise OperationalError("not now")
        done.set()

    task = asyncio.create_task(follow_key_files(files, reload))
    path.write_text("sk-2-that-is-longer")
    async with asyncio.timeout(30):
        await done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert calls == ["sk-2-that-is-longer"] * 2
