"""The commands of README.md, pasted one after the other."""

import re
import subprocess
import sys

import httpx
import pytest

from tests.support.environment import ROOT
from tests.support.processes import wait_until

pytestmark = pytest.mark.acceptance

README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def demo_url():
    """Where a demo upstream listens, as ``make run`` starts one."""
    command = [sys.executable, "manage.py", "demo_upstream", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:
        yield re.search(r"http://\S+/v1", demo.stdout.readline())[0]
        demo.terminate()


@pytest.mark.skipif(not (ROOT / ".venv").exists(), reason="the README says .venv/bin/python")
def test_every_command_does_what_it_says(start_gateway, curl, demo_url, tmp_path):
    gateway = start_gateway()
    gateway.manage("bootstrap", "--demo-url", demo_url)
    staff = {"authorization": f"Bearer {gateway.api_key('staff', is_staff=True)}"}
    wait_until(
        lambda: "demo-chat" in httpx.get(f"{gateway.url}/v1/models", headers=staff).text,
        what="the models of the demo",
    )
    for name in (".venv", "manage.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    script = "\n".join(block for block in blocks("sh") if not block.startswith("make run"))
    (python,) = blocks("python")
    script += f"\n.venv/bin/python - <<'PYTHON'\n{python}\nPYTHON\n"
    done = subprocess.run(
        ["sh", "-eu", "-c", script.replace("http://127.0.0.1:8000", gateway.url)],
        cwd=tmp_path,
        env=gateway.process_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert '"object":"chat.completion"' in done.stdout, said
    assert done.stdout.count("Hello! This is the demo model") == 2, said  # curl, and the library
