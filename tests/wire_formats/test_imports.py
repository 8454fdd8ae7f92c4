import pkgutil
import subprocess
import sys

import wire_formats
from tests.support.environment import ROOT


def test_the_sdks_are_known_to_the_type_checker_alone():
    modules = [
        module.name for module in pkgutil.walk_packages(wire_formats.__path__, "wire_formats.")
    ]
    script = f"""
import sys, {", ".join(modules)}
print(*sys.modules.keys() & {{"openai", "anthropic", "pydantic"}})
"""
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "wire_formats.messages.request_from_chat.request" in modules
    assert run.stdout.strip() == ""
