"""Where a connection's key comes from, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field

ENVIRONMENT_PREFIXES = ("env:", "os.environ/")  # ours, and LiteLLM's spelling
SHORTEST_WITH_HINT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySource:
    """A secret, or the name of the environment variable that holds one. Exactly one is set."""

    secret: str = field(default="", repr=False)
    environment_variable: str = ""

    def __post_init__(self) -> None:
        if bool(self.secret) == bool(self.environment_variable):
            raise ValueError("a key is either a secret or an environment variable")

    @classmethod
    def parse(cls, text: str) -> KeySource:
        """Read the notation of configuration files: ``env:NAME`` or the key itself."""
        for prefix in ENVIRONMENT_PREFIXES:
            if text.startswith(prefix):
                return cls(environment_variable=text.removeprefix(prefix))
        return cls(secret=text)

    @property
    def notation(self) -> str:
        """What :meth:`parse` reads back as this source. Holds the secret in the clear."""
        return self.secret or f"env:{self.environment_variable}"

    @property
    def masked(self) -> str:
        """What may be shown of the key."""
        return (
            f"env:{self.environment_variable}"
            if self.environment_variable
            else f"…{self.last_four}"
        )

    @property
    def last_four(self) -> str:
        """The end of the secret where it is long enough for that to give nothing away."""
        return self.secret[-4:] if len(self.secret) >= SHORTEST_WITH_HINT else ""
