import pytest

from benchmarks.contenders.contender import UnavailableError
from benchmarks.contenders.venvs import installed


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
