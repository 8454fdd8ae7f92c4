"""Every internal member of uvicorn and aiohttp that the gateway overrides, reads or sets.

Neither library promises them: any release may rename one. So requirements/base.in pins both to the
patch level. Before you raise a pin, compare the new source of each owner below.
``tests/gateway_project/test_private_members.py`` fails if a member is missing there, and if the
gateway uses one that is missing here.

Every name of uvicorn's protocol classes counts as internal: none of them is documented. aiohttp's
count when they begin with an underscore, belong to ``ResponseHandler``, or are overridden; so does
what of ``ClientResponse`` its session calls.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMembers:
    """``names`` of the class ``owner``, a dotted path, used in the module ``user`` for ``reason``.

    ``noticed_by`` is a test that fails when they no longer do what the gateway expects.
    """

    owner: str
    names: tuple[str, ...]
    user: str
    reason: str
    noticed_by: str


RESPONSE_HANDLER = "aiohttp.client_proto.ResponseHandler"
TCP_CONNECTOR = "aiohttp.connector.TCPConnector"
CLIENT_RESPONSE = "aiohttp.client_reqrep.ClientResponse"
CLIENT_REQUEST = "aiohttp.client_reqrep.ClientRequest"
HTTP_PROTOCOL = "uvicorn.protocols.http.httptools_impl.HttpToolsProtocol"
CYCLE = "uvicorn.protocols.http.httptools_impl.RequestResponseCycle"
FLOW_CONTROL = "uvicorn.protocols.http.flow_control.FlowControl"
SOCKET_PROTOCOL = "uvicorn.protocols.websockets.websockets_sansio_impl.WebSocketsSansIOProtocol"

UPSTREAM_TESTS = "tests/connections/transport"
SERVER_TESTS = "tests/gateway_project/test_protocol.py"

AIOHTTP = (
    PrivateMembers(
        owner=TCP_CONNECTOR,
        names=("_factory", "_loop"),
        user="connections.transport.connector",
        reason="A connector has no parameter for the protocol of its connections.",
        noticed_by=f"{UPSTREAM_TESTS}/test_response_body.py"
        "::test_chunks_that_are_taken_one_by_one_are_not_parsed",
    ),
    PrivateMembers(
        owner=TCP_CONNECTOR,
        names=("connect",),
        user="connections.transport.connector",
        reason="Its failures are those of requests of which the upstream saw nothing.",
        noticed_by=f"{UPSTREAM_TESTS}/test_faults.py::test_a_refused_connection_is_not_sent",
    ),
    PrivateMembers(
        owner=RESPONSE_HANDLER,
        names=("data_received", "connection_lost"),
        user="connections.transport.protocol",
        reason="Chunks are passed on, and the end is told, as they arrive.",
        noticed_by=f"{UPSTREAM_TESTS}/test_response_body.py"
        "::test_what_is_taken_does_not_reach_the_reader",
    ),
    PrivateMembers(
        owner=RESPONSE_HANDLER,
        names=("set_response_params",),
        user="connections.transport.protocol",
        reason="Called before each request, which is when the borders of chunks start afresh.",
        noticed_by=f"{UPSTREAM_TESTS}/test_response_body.py"
        "::test_the_connection_is_used_again_behind_chunks_that_were_taken",
    ),
    PrivateMembers(
        owner=RESPONSE_HANDLER,
        names=("set_response_params",),
        user="connections.transport.plain_post",
        reason="Prepares a connection of the pool for a request that is written by hand.",
        noticed_by=f"{UPSTREAM_TESTS}/test_plain_post.py"
        "::test_a_body_and_its_head_arrive_either_way",
    ),
    PrivateMembers(
        owner=CLIENT_RESPONSE,
        names=("start", "close"),
        user="connections.transport.plain_post",
        reason="Reads the head of the response, and gives the connection back at the body's end.",
        noticed_by=f"{UPSTREAM_TESTS}/test_plain_post.py"
        "::test_a_body_and_its_head_arrive_either_way",
    ),
    PrivateMembers(
        owner=RESPONSE_HANDLER,
        names=("resume_reading", "_reading_paused"),
        user="connections.transport.protocol",
        reason="Every read asks to resume, and costs a second parse unless reading was paused.",
        noticed_by=f"{UPSTREAM_TESTS}/test_response_body.py::test_a_flood_keeps_its_order",
    ),
    PrivateMembers(
        owner=RESPONSE_HANDLER,
        names=("connected", "exception"),
        user="connections.transport.response_body",
        reason="Tell a body that was cut or garbled from one that is still on its way.",
        noticed_by=f"{UPSTREAM_TESTS}/test_response_body.py"
        "::test_the_reader_hears_of_a_break_at_once",
    ),
    PrivateMembers(
        owner=CLIENT_REQUEST,
        names=("_skip_auto_headers", "update_auto_headers"),
        user="connections.transport.plain_request",
        reason="The public parameter copies all headers of every request.",
        noticed_by=f"{UPSTREAM_TESTS}/test_aiohttp_transport.py"
        "::test_the_upstream_gets_exactly_our_headers",
    ),
)

UVICORN = (
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("connection_made", "connection_lost", "transport", "loop"),
        user="gateway_project.protocol",
        reason="Timers for clients that send no headers begin and end with the connection.",
        noticed_by=f"{SERVER_TESTS}::test_a_client_that_never_ends_its_headers_is_dropped",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("data_received",),
        user="gateway_project.protocol",
        reason="A timer is set for a head that has begun and has not come whole.",
        noticed_by=f"{SERVER_TESTS}::test_a_further_head_that_never_ends_is_dropped",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("body",),
        user="gateway_project.protocol",
        reason="A body that has come by now is taken without a coroutine and a timer.",
        noticed_by=f"{SERVER_TESTS}::test_a_body_that_has_come_with_its_head_is_taken_at_once",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("on_message_begin", "scope"),
        user="gateway_project.protocol",
        reason="The scope of a request gets the extensions of the gateway.",
        noticed_by=f"{SERVER_TESTS}::test_as_many_headers_as_anyone_needs_are_taken",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("on_header", "headers"),
        user="gateway_project.protocol",
        reason="Headers are counted, for which uvicorn has no limit.",
        noticed_by=f"{SERVER_TESTS}::test_too_many_headers_are_400",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("on_headers_complete", "cycle"),
        user="gateway_project.protocol",
        reason="The requests of a connection are known in the order of their responses.",
        noticed_by=f"{SERVER_TESTS}::test_parts_go_to_the_answer_whose_turn_it_is",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("on_message_complete", "on_response_complete"),
        user="gateway_project.protocol",
        reason="A client that goes on sending behind its response has a limited time.",
        noticed_by="tests/security/test_body_caps.py"
        "::test_a_body_that_nobody_reads_does_not_keep_the_connection",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("flow",),
        user="gateway_project.protocol",
        reason="Leads to whether the client has to be waited for.",
        noticed_by=f"{SERVER_TESTS}"
        "::test_nothing_is_written_at_once_to_a_client_that_has_to_be_waited_for",
    ),
    PrivateMembers(
        owner=FLOW_CONTROL,
        names=("write_paused",),
        user="gateway_project.protocol",
        reason="Nothing is written past the buffer of a client that does not read.",
        noticed_by=f"{SERVER_TESTS}"
        "::test_nothing_is_written_at_once_to_a_client_that_has_to_be_waited_for",
    ),
    PrivateMembers(
        owner=FLOW_CONTROL,
        names=("resume_reading",),
        user="gateway_project.protocol",
        reason="A connection that is paused does not tell that its client has left.",
        noticed_by=f"{SERVER_TESTS}"
        "::test_a_client_that_leaves_is_noticed_behind_a_body_that_was_held_back",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("chunked_encoding",),
        user="gateway_project.protocol",
        reason="Says that the head of the response is out and that chunks may follow it.",
        noticed_by=f"{SERVER_TESTS}::test_a_part_is_written_at_once_while_the_client_keeps_up",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("disconnected",),
        user="gateway_project.protocol",
        reason="A response that is cut on purpose is no error of the server.",
        noticed_by=f"{SERVER_TESTS}"
        "::test_an_answer_that_is_cut_on_purpose_is_no_error_of_the_server",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("message_event",),
        user="gateway_project.protocol",
        reason="Every request of a connection hears of its end; uvicorn tells the last one alone.",
        noticed_by=f"{SERVER_TESTS}"
        "::test_a_client_that_leaves_ends_each_of_the_requests_it_did_not_wait_for",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("more_body",),
        user="gateway_project.protocol",
        reason="Says whether the client is still sending when its response is complete.",
        noticed_by="tests/security/test_body_caps.py"
        "::test_a_connection_goes_on_behind_a_body_that_nobody_read",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("transport",),
        user="gateway_project.answer_head",
        reason="Replaced until the head of the response is written, to write it with the body.",
        noticed_by=f"{SERVER_TESTS}::test_the_head_goes_out_with_what_is_written_behind_it",
    ),
    PrivateMembers(
        owner=SOCKET_PROTOCOL,
        names=("handle_connect", "close_sent", "scope", "transport"),
        user="gateway_project.protocol",
        reason="The scope of a WebSocket gets the extension that cuts its connection.",
        noticed_by="tests/proxy/websockets/test_chat_socket.py"
        "::test_a_client_that_does_not_read_holds_up_the_upstream_and_is_cut",
    ),
    PrivateMembers(
        owner=SOCKET_PROTOCOL,
        names=("keepalive_timeout",),
        user="gateway_project.protocol",
        reason="A client that answers no ping is cut; a polite close would wait for it.",
        noticed_by=f"{SERVER_TESTS}::test_a_socket_that_answers_no_ping_is_cut_without_a_farewell",
    ),
)

PRIVATE_MEMBERS = (*AIOHTTP, *UVICORN)
