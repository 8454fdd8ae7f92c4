import os

import pytest

from connections.rules.secret_files import MOST_BYTES, SecretFileError, read_secret_file


@pytest.mark.parametrize(
    "content", [b"secret", b"secret\n", b"secret\r\n\r\n", b"\xef\xbb\xbfsecret\n"]
)
def test_line_breaks_at_the_end_do_not_count(tmp_path, content):
    (tmp_path / "file").write_bytes(content)

    assert read_secret_file(tmp_path / "file") == "secret"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"secret\xff", "is not UTF-8 text"),
        (b"s" * (MOST_BYTES + 1), "is larger than 1 MiB"),
    ],
)
def test_content_of_no_use_is_told_and_not_shown(tmp_path, content, problem):
    (tmp_path / "file").write_bytes(content)

    with pytest.raises(SecretFileError) as caught:
        read_secret_file(tmp_path / "file")

    assert str(caught.value) == problem


def test_what_is_no_file_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for path, problem in [
        (tmp_path / "missing", "is missing"),
        (tmp_path, "is no regular file"),
        (tmp_path / "pipe", "is no regular file"),
        (tmp_path / "file" / "below", "cannot be read: Not a directory"),
        (tmp_path / "\0", "has a name that no file can have"),
    ]:
        with pytest.raises(SecretFileError) as caught:
            read_secret_file(path)
        assert str(caught.value) == problem
