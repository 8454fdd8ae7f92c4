import codecs

import pytest

from gateway_project.settings.dotenv import read_dotenv


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / ".env"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_dotenv(path)

    return read


def test_nothing_is_read_where_there_is_no_file(tmp_path):
    found = read_dotenv(tmp_path / ".env")

    assert (found.values, found.problems, found.warnings) == ({}, [], [])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("export A=b", "b"),
        ("  A=b  ", "b"),
        ("A=", ""),
        ("A='b # c'", "b # c"),
        ('A="b # c"', "b # c"),
        ('A="b\\"c"', 'b"c'),
        ('A="b\\nc"', "b\\nc"),
        ("A=b#c", "b#c"),
        ("A=$b", "$b"),
        ('A={"0": {}}', '{"0": {}}'),
        ('A="{"0": {}}"', '{"0": {}}'),
        ("A='{\"0\": {}}'", '{"0": {}}'),
        ('A="b";"c"', '"b";"c"'),
        ('A="b";c', '"b";c'),
        ("# A=b\n\nA=c", "c"),
    ],
)
def test_value_is_read_without_a_warning(read, line, value):
    found = read(line)

    assert found.values == {"A": value}
    assert (found.problems, found.warnings) == ([], [])


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        ("A = b", "Line 1 of FILE has blanks around the = of A. Write A=value."),
        ("A= b", "blanks around the ="),
        ("A=b # note", "has a comment behind the value of A"),
        ("A=b\nA=b", "Line 2 of FILE sets A again, after line 1."),
        ("A=b\r\nC=d\r\n", "Windows line endings"),
        (codecs.BOM_UTF8 + b"A=b", "byte order mark"),
        ("A=b\nB=${A}", "Line 2 of FILE holds ${…} in B."),
    ],
)
def test_slip_that_is_mended_is_told(read, tmp_path, content, warning):
    found = read(content)

    assert found.values["A"] == "b"
    assert len(found.warnings) == 1
    assert warning in found.warnings[0].replace(str(tmp_path / ".env"), "FILE")
    assert not found.problems


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("OK=1\nsecret", "Line 2 of"),
        ('A={\n"secret": 1}', "Line 2 of"),
        ('A="secret', "Line 1 of"),
        ("A='secret", "Line 1 of"),
        ("A=secret\0", "Line 1 of"),
        ("2A=secret", "Line 1 of"),
        (b"OK=1\nA=secr\xe9t", "Line 2 of"),
        ("A=secret".encode("utf-16"), "is UTF-16"),
    ],
)
def test_line_that_cannot_be_read_is_told_by_its_number_alone(read, content, problem):
    found = read(content)

    assert len(found.problems) == 1
    assert problem in found.problems[0]
    assert "secr" not in found.problems[0]


def test_directory_in_the_place_of_the_file_is_told(tmp_path):
    [problem] = read_dotenv(tmp_path).problems

    assert "is a directory" in problem


def test_file_that_cannot_be_opened_is_told(tmp_path):
    (tmp_path / "a").touch()

    [problem] = read_dotenv(tmp_path / "a" / ".env").problems

    assert "cannot be read: Not a directory" in problem
