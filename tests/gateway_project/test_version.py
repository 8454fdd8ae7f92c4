import tomllib

from gateway_project.version import VERSION
from tests.support.environment import ROOT


def test_the_version_is_the_one_that_is_released():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
