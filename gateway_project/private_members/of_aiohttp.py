"""Those of aiohttp."""

from __future__ import annotations

from gateway_project.private_members.member import PrivateMembers

RESPONSE_HANDLER = "aiohttp.client_proto.ResponseHandler"
TCP_CONNECTOR = "aiohttp.connector.TCPConnector"
CLIENT_RESPONSE = "aiohttp.client_reqrep.ClientResponse"
CLIENT_REQUEST = "aiohttp.client_reqrep.ClientRequest"

UPSTREAM_TESTS = "tests/connections/transport"

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
