import shutil

import pytest

from benchmarks.contenders.contender import UnavailableError
from benchmarks.contenders.packages import installed, installed_from_npm


@pytest.mark.long
def test_a_package_that_cannot_be_installed_is_a_clear_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(UnavailableError, match=r"cannot be installed, see .*no-such-peer\.log"):
        installed("no-such-peer==0", tmp_path)
    assert not (tmp_path / "no-such-peer" / "requirement.txt").exists()


def test_what_is_installed_is_not_installed_again(tmp_path):
    directory = tmp_path / "a-peer"
    directory.mkdir()
    (directory / "requirement.txt").write_text("a-peer[proxy]==1")
    assert installed("a-peer[proxy]==1", tmp_path) == directory / "bin"


def test_a_package_of_npm_that_is_installed_is_not_installed_again(tmp_path):
    if shutil.which("npm") is None:
        pytest.skip("npm is not here")
    directory = tmp_path / "makers-peer"
    directory.mkdir()
    (directory / "requirement.txt").write_text("@makers/peer@1.2")
    found = installed_from_npm("@makers/peer", "1.2", tmp_path)
    assert found == directory / "node_modules" / "@makers" / "peer"
