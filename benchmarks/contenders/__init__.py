"""What is measured side by side: the gateway, nginx and a floor as limits, and other gateways."""

from benchmarks.contenders.contender import Contender
from benchmarks.contenders.floor import Floor
from benchmarks.contenders.gatehouse import Gatehouse
from benchmarks.contenders.litellm import LiteLLM
from benchmarks.contenders.nginx import Nginx
from benchmarks.contenders.open_webui import OpenWebUI
from benchmarks.contenders.portkey import Portkey

__all__ = ["HERE", "PEERS", "Contender", "Floor", "Gatehouse"]

HERE: tuple[Contender, ...] = (Gatehouse(), Nginx())
PEERS: tuple[Contender, ...] = (LiteLLM(), Portkey(), OpenWebUI())
