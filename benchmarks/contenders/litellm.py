"""LiteLLM's proxy as its documentation runs it in production, with a master key and no database."""

from __future__ import annotations

from pathlib import Path

from benchmarks.contenders.contender import Prepared
from benchmarks.contenders.packages import installed
from benchmarks.processes import Server, free_port

VERSION = "1.108.7"
MASTER_KEY = "sk-benchmark"
CONFIGURATION = """
model_list:
  - model_name: mock
    litellm_params:
      model: openai/mock
      api_base: {upstream}
      api_key: sk-mock-upstream-key
general_settings:
  master_key: {key}
litellm_settings:
  telemetry: false
  set_verbose: false
  json_logs: true
"""
ENVIRONMENT = {
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # asks nobody for prices at the start
}


class LiteLLM:
    name = f"LiteLLM {VERSION}"

    def prepare(self, directory: Path, upstream: str) -> Prepared:
        programs, port = installed(f"litellm[proxy]=={VERSION}"), free_port()
        configuration = directory / "litellm.yaml"
        configuration.write_text(CONFIGURATION.format(upstream=upstream, key=MASTER_KEY))
        command = [str(programs / "litellm"), "--config", str(configuration)]
        command += ["--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
        server = Server(
            command=command,
            environment=ENVIRONMENT,
            port=port,
            ready_path="/health/liveliness",
            start_seconds=120,
        )
        return Prepared(server=server, url=f"http://127.0.0.1:{port}/v1", key=MASTER_KEY)
