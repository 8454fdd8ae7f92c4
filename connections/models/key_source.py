"""Where a connection's key comes from, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field

from connections.rules.key_paths import path_problem

ENVIRONMENT_PREFIXES = ("env:", "os.environ/")  # ours, and LiteLLM's spelling
FILE_PREFIX = "file:"
REFERENCE_PREFIXES = (*ENVIRONMENT_PREFIXES, FILE_PREFIX)
SHORTEST_WITH_HINT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySource:
    """A secret, the name of the environment variable that holds one, or the path of a file that
    does. Exactly one is set. ``weight`` and ``model_patterns`` say what the key is used for.
    """

    secret: str = field(default="", repr=False)
    environment_variable: str = ""
    file_path: str = ""
    weight: int = 1
    model_patterns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if sum(map(bool, (self.secret, self.environment_variable, self.file_path))) != 1:
            raise ValueError("a key is a secret, an environment variable or a file")

    @classmethod
    def parse(cls, text: str) -> KeySource:
        """Read the notation of configuration files: ``env:NAME``, ``file:PATH`` or the key itself.

        Raises ``ValueError``, with words that complete "a key …", where no such key can be read.
        """
        if text.startswith(FILE_PREFIX):
            path = text.removeprefix(FILE_PREFIX).strip()
            if problem := path_problem(path):
                raise ValueError(f"whose file {problem}")
            return cls(file_path=path)
        for prefix in ENVIRONMENT_PREFIXES:
            if text.startswith(prefix):
                return cls(environment_variable=text.removeprefix(prefix))
        return cls(secret=text)

    @property
    def place(self) -> tuple[str, str, str]:
        """Where the key comes from, whatever it is used for. Holds the secret in the clear."""
        return self.secret, self.environment_variable, self.file_path

    @property
    def reference(self) -> str:
        """The reference (``env:NAME``, ``file:PATH``) as it is written; empty for a stored key."""
        if self.file_path:
            return f"{FILE_PREFIX}{self.file_path}"
        return f"env:{self.environment_variable}" if self.environment_variable else ""

    @property
    def notation(self) -> str:
        """What :meth:`parse` reads back as this source. Holds the secret in the clear."""
        return self.secret or self.reference

    @property
    def masked(self) -> str:
        """What may be shown of the key."""
        return self.reference or f"…{self.last_four}"

    @property
    def told(self) -> str:
        """What may be shown of the key, and what it is used for where that is told."""
        uses = [f"weight {self.weight}"] if self.weight != 1 else []
        uses += [", ".join(self.model_patterns)] if self.model_patterns else []
        return f"{self.masked} ({'; '.join(uses)})" if uses else self.masked

    @property
    def last_four(self) -> str:
        """The end of the secret where it is long enough for that to give nothing away."""
        return self.secret[-4:] if len(self.secret) >= SHORTEST_WITH_HINT else ""
