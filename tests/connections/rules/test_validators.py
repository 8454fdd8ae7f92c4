from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from connections.rules.validators import validate_header


@pytest.mark.parametrize("name", ["X-Team\n", "X-Team\r\nHost", "X Team", "X-Team:", "X-T\0am", ""])
def test_a_name_that_would_break_a_request_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is not a header name"):
        validate_header(name, "search")


def test_a_token_is_a_name() -> None:
    validate_header("X-Team_1", "search")
