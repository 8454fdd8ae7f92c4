"""Pages of other origins in a browser: the allowed one reads the API, another one does not."""

import pytest

pytestmark = pytest.mark.acceptance
