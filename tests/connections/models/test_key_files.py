import os

import pytest

from connections.models import Connection
from connections.models.key_files import KeyFiles
from connections.models.key_source import KeySource


@pytest.fixture
def path(settings, tmp_path):
    settings.GATEWAY_KEY_FILES_DIR = str(tmp_path)
    (tmp_path / "key").write_text("sk-first\n")
    return tmp_path / "key"


@pytest.fixture
def files():
    return KeyFiles()


def replaced(path, content):
    """As careful writers do it: the file is another one then."""
    (path.parent / "new").write_text(content)
    (path.parent / "new").rename(path)


def test_key_is_read_without_what_surrounds_it(files, path):
    path.write_text('Bearer "sk-first"\r\n')
    assert files.read(str(path)) == '"sk-first"'
    path.write_text(' "Bearer sk-first" \n')
    assert files.read(str(path)) == "sk-first"


def test_change_is_noticed_once(files, path):
    assert files.is_empty
    assert files.read(str(path)) == "sk-first"
    assert not files.changed()
    replaced(path, "sk-second")

    assert (files.changed(), files.changed()) == (True, False)
    assert files.read(str(path)) == "sk-second"


def test_content_that_is_written_over_is_noticed(files, path):
    files.read(str(path))
    before = path.stat()
    path.write_text("sk-other\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))

    assert files.changed()


def test_link_that_leads_elsewhere_is_noticed(files, path):
    for name in ("..1", "..2"):
        (path.parent / name).mkdir()
        (path.parent / name / "linked").write_text(f"sk-{name}")
    (path.parent / "..data").symlink_to("..1")
    (path.parent / "linked").symlink_to("..data/linked")
    linked = str(path.parent / "linked")
    assert files.read(linked) == "sk-..1"
    (path.parent / "..data_tmp").symlink_to("..2")
    (path.parent / "..data_tmp").rename(path.parent / "..data")

    assert files.changed()
    assert files.read(linked) == "sk-..2"


def test_file_that_vanishes_leaves_its_last_key_with_one_warning(files, path, caplog):
    files.read(str(path))
    path.unlink()

    assert files.changed()
    assert [files.read(str(path)) for _ in range(3)] == ["sk-first"] * 3
    [record] = caplog.records
    assert record.getMessage() == (f"The key file {path} is missing. Its last key stays in use.")


def test_file_that_comes_later_is_noticed(files, path, caplog):
    path.unlink()
    assert files.read(str(path)) == ""
    assert not files.changed()
    replaced(path, "sk-late")

    assert files.changed()
    assert files.read(str(path)) == "sk-late"
    assert len(caplog.records) == 1


def test_path_out_of_the_folder_gives_no_key(files, path):
    assert files.read("/etc/passwd") == ""


@pytest.mark.django_db
def test_connection_stores_the_path_alone(path):
    row = Connection.objects.create(name="one", base_url="https://one.example/v1")
    row.replace_keys([KeySource.parse(f"file:{path}")])
    [key] = row.keys.all()

    assert (key.ciphertext, key.file_path, key.masked) == ("", str(path), f"file:{path}")
    assert key.source() == KeySource(file_path=str(path))
    assert key.reveal() == "sk-first"
    replaced(path, "sk-second")
    assert key.reveal() == "sk-second"


def test_source_reads_back_its_notation(path):
    source = KeySource.parse(f"file:{path}")

    assert KeySource.parse(source.notation) == source
    assert source.masked == f"file:{path}"


@pytest.mark.parametrize("written", ["file:", "file:key", "file:/etc/passwd", "file:/x/../etc"])
def test_source_of_another_path_is_none(path, written):
    with pytest.raises(ValueError, match="whose file"):
        KeySource.parse(written)
