"""nginx as a reverse proxy that only passes on: what the machine would allow."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.contenders.contender import Prepared, UnavailableError
from benchmarks.processes import Server, free_port

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_requests 1000000;
    upstream mock {{ server {upstream}; keepalive 64; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


class Nginx:
    name = "nginx"

    def prepare(self, directory: Path, upstream: str) -> Prepared:
        program = shutil.which("nginx")
        if program is None:
            raise UnavailableError("there is no nginx on the PATH")
        port = free_port()
        configuration = directory / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(directory=directory, upstream=urlsplit(upstream).netloc, port=port)
        )
        command = [program, "-e", "stderr", "-p", str(directory), "-c", str(configuration)]
        server = Server(command=command, port=port, ready_path="/v1/models")
        return Prepared(server=server, url=f"http://127.0.0.1:{port}/v1", key="none")
