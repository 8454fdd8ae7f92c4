"""Several commands of manage.py in one process, since each costs more than a second to start.

``python -m tests.support.commands '[["migrate"], ["create_api_key", "alice"]]'`` prints, as a list
of JSON, what each of them wrote. Whatever fails ends the rest, with a traceback.
"""

from __future__ import annotations

import json
import os
import sys
from io import StringIO

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    django.setup()
    outputs = [_output(*command) for command in json.loads(sys.argv[1])]
    sys.stdout.write(json.dumps(outputs))


def _output(name: str, *arguments: str) -> str:
    written = StringIO()
    call_command(name, *arguments, stdout=written)
    return written.getvalue()


if __name__ == "__main__":
    main()
