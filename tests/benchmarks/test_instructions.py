"""The parts of the counting of instructions, without valgrind."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks import processes
from benchmarks.contenders import Gatehouse
from benchmarks.instructions import callgrind, figures
from benchmarks.instructions.counted import ASIDE, CHATS, LONG, NOTHING, SHORT, Effort
from benchmarks.instructions.stages import SERVER, STAGES, found

WRITTEN = """\
part: 1
thread: 1
summary: 500
thread: 2
summary: 7
part: 2
thread: 1
desc: Trigger: --dump-before=cbrt
summary: 80
"""


@pytest.mark.parametrize("place", [place for _, place in STAGES if place])
def test_the_function_that_begins_a_stage_is_there(place):
    owner, name = found(place)
    assert callable(getattr(owner, name))


def test_the_instructions_of_the_event_loop_alone_are_counted():
    assert callgrind.counts(WRITTEN.splitlines()) == [500, 80]


def test_a_stretch_is_what_follows_its_mark():
    assert callgrind.of_stretches(["chats"], [500, 80]) == [("chats", 80)]


def test_a_mark_that_valgrind_did_not_see_is_an_error():
    with pytest.raises(ValueError, match="1 counts for 2 marks"):
        callgrind.of_stretches(["chats", "aside"], [500])


def test_a_chunk_costs_what_more_chunks_cost_more():
    effort = Effort(chats=2, short=10, long=20)
    cost = figures.Cost.of([(CHATS, 200), (SHORT, 150), (LONG, 250), (CHATS, 200)], effort)
    assert (cost.chat, cost.chunk, cost.stream) == (100, 10, 50)


def test_what_limits_cost_stands_beside_each_figure() -> None:
    plain = [(CHATS, 200), (SHORT, 150), (LONG, 250), (SERVER, 9), (NOTHING, 5), (SERVER, 105)]
    limited = [(CHATS, 260), (SHORT, 150), (LONG, 250), (SERVER, 9), (NOTHING, 5), (SERVER, 112)]
    effort = Effort(chats=2, short=10, long=20)
    lines = figures.Figures.of(plain, plain, limited, effort).table().splitlines()
    assert lines[2] == "| chat | 100 | 100 | 1.00x | +30 |"
    assert f"| {SERVER} | 100 | 1.000 | +7 |" in lines


def test_what_a_mark_costs_is_no_part_of_a_stage():
    stretches = [(SERVER, 9), (NOTHING, 5), (ASIDE, 1), (SERVER, 105), ("view", 55)]
    assert figures.stages_of(stretches) == {SERVER: 100, "view": 50}


@pytest.mark.long
def test_a_chat_comes_to_each_stage_in_its_order(tmp_path):
    prepared = Gatehouse().prepare(tmp_path, "http://127.0.0.1:9/v1")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.instructions.counted",
            "gateway",
            prepared.key,
            "--once",
        ],
        cwd=processes.ROOT,
        env=processes.environment(**prepared.server.environment),
        check=True,
        capture_output=True,
        text=True,
    )
    marks = json.loads(done.stdout.splitlines()[-1])
    assert marks[:4] == [CHATS, SHORT, LONG, ASIDE]
    assert marks[-len(STAGES) - 2 :] == [SERVER, *(name for name, _ in STAGES), ASIDE]
