"""``python -m tests.support.oidc.server PORT``: the provider's process."""

import os
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.support.oidc.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0)
    application = get_wsgi_application()
    make_server("127.0.0.1", int(sys.argv[1]), application, Server, QuietHandler).serve_forever()


if __name__ == "__main__":
    main()
