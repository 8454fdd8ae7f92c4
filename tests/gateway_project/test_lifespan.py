"""What a worker does beside answering must not end unnoticed."""

import asyncio

from gateway_project.lifespan import tell_if_broken


async def watch_in_vain():
    raise KeyError("a row that nobody foresaw")


async def ended(task):
    task.add_done_callback(tell_if_broken)
    await asyncio.wait([task])
    await asyncio.sleep(0)  # callbacks run after those who wait


async def test_a_task_that_ends_by_itself_is_in_the_log(caplog):
    await ended(asyncio.create_task(watch_in_vain()))
    [record] = caplog.records
    assert record.levelname == "CRITICAL"
    assert record.getMessage().startswith("watch_in_vain has ended")
    assert record.exc_info[0] is KeyError


async def test_a_task_that_is_stopped_with_the_worker_is_not(caplog):
    task = asyncio.create_task(asyncio.Event().wait())
    task.cancel()
    await ended(task)
    assert caplog.records == []
