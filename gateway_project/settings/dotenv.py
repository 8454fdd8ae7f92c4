"""The file ``.env``: ``NAME=value`` lines, and every line that is not one is told by its number.

``export`` may stand before the name, and quotes around the value. A value in double quotes keeps
``\\n``, ``\\r`` and ``\\t`` as they are written; any other character behind a backslash stands for
itself. Nothing is expanded.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path

ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)(\s*)=(\s*)(.*)", re.DOTALL)
ESCAPE = re.compile(r"\\(.)")
REFERENCE = re.compile(r"\$\{\w+[^}]*\}")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Dotenv:
    """``problems`` and ``warnings`` are sentences that name lines and hold no value."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_dotenv(path: Path) -> Dotenv:
    """What the file at ``path`` says; nothing where there is none."""
    found = Dotenv()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return found
    except IsADirectoryError:
        found.problems.append(
            f"{path} is a directory. Remove it, and put a file there: Docker makes a directory "
            "where the file that it shall mount is missing."
        )
        return found
    except OSError as exc:
        found.problems.append(
            f"{path} cannot be read: {exc.strerror}. Let the user that runs the gateway read it, "
            "or remove it."
        )
        return found
    if content.startswith(UTF_16):
        found.problems.append(f"{path} is UTF-16. Save it as UTF-8.")
        return found
    if content.startswith(codecs.BOM_UTF8):
        content = content.removeprefix(codecs.BOM_UTF8)
        found.warnings.append(f"{path} begins with a byte order mark. Save it as UTF-8 without.")
    try:
        text = content.decode()
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        found.problems.append(f"Line {line} of {path} is not UTF-8. Save the file as UTF-8.")
        return found
    _read_lines(str(path), text, found)
    return found


def _read_lines(path: str, text: str, found: Dotenv) -> None:
    lines = text.split("\n")
    if any(line.endswith("\r") for line in lines):
        found.warnings.append(f"{path} has Windows line endings. They are not taken for values.")
    set_in: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        where = f"Line {number} of {path}"
        match = ASSIGNMENT.fullmatch(line.rstrip())
        if match is None:
            found.problems.append(
                f"{where} is no NAME=value. A value stands on one line, and a comment begins with "
                "a # at the start of its line."
            )
            continue
        name = match[1]
        if name in set_in:
            found.warnings.append(f"{where} sets {name} again, after line {set_in[name]}.")
        set_in[name] = number
        _read_value(where, match, found)


def _read_value(where: str, match: re.Match[str], found: Dotenv) -> None:
    name, before, after, raw = match.groups()
    if before or (after and raw and not raw.startswith("#")):
        found.warnings.append(f"{where} has blanks around the = of {name}. Write {name}=value.")
    if "\0" in raw:
        found.problems.append(f"{where} holds a NUL character in {name}.")
        return
    quote = raw[:1]
    if quote in {"'", '"'} and raw:
        value = _quoted(raw, quote)
        if value is None:
            found.problems.append(f"{where} opens a quote for {name} that it does not close.")
            return
    else:
        value = _without_comment(raw, after)
        if value != raw:
            found.warnings.append(
                f"{where} has a comment behind the value of {name}, which is not taken as part of "
                "it. A value that holds a blank and a # stands in quotes."
            )
    if quote != "'" and REFERENCE.search(value):
        found.warnings.append(f"{where} holds ${{…}} in {name}. It is taken as it is written.")
    found.values[name] = value


def _quoted(raw: str, quote: str) -> str | None:
    """What stands between quotes; None if the quote is not closed."""
    whole = re.fullmatch(f"{quote}(.*){quote}", raw)
    if whole is None:  # maybe a comment follows
        whole = re.fullmatch(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}\s+#.*", raw)
    if whole is None:
        return raw if _ends_with_quoted_item(raw, quote) else None
    inner = whole[1]
    if re.search(rf"(?<!\\){quote}", inner) and not inner.lstrip().startswith(("{", "[")):
        return raw  # each item of a list is in quotes
    return inner if quote == "'" else ESCAPE.sub(_unescaped, inner)


def _ends_with_quoted_item(raw: str, quote: str) -> bool:
    """Whether quotes come in pairs, as in ``"one";two``."""
    return len(re.findall(rf"(?<!\\){quote}", raw)) % 2 == 0


def _unescaped(match: re.Match[str]) -> str:
    return match[0] if match[1] in "rnt" else match[1]


def _without_comment(raw: str, blanks_before: str) -> str:
    if blanks_before and raw.startswith("#"):
        return ""
    return re.split(r"\s+#", raw, maxsplit=1)[0]
