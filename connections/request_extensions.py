"""The names under which ``httpx.Request.extensions`` holds what is ours.

An adapter, a strategy and the transport know nothing of one another; what one has to tell the next
goes along with the request.
"""

CALL_EXTENSION = "gatehouse.call"  # connections.call.Call
DROPPED_EXTENSION = "gatehouse.dropped"  # tuple[str, ...]: fields that the upstream does not get
TRANSLATION_EXTENSION = "gatehouse.translation"  # wire_formats.translation.Translation | None
PROXY_EXTENSION = "gatehouse.proxy"  # str: a connection's own choice, as in Upstream.proxy
IS_SOCKET_EXTENSION = "gatehouse.is_socket"  # bool
SECRETS_EXTENSION = "gatehouse.secrets"  # frozenset[str]: what a strategy signed with
TIMEOUTS_EXTENSION = "gatehouse.timeouts"  # connections.upstream.Timeouts
VERIFY_TLS_EXTENSION = "gatehouse.verify_tls"  # bool | str: a path of certificates
