"""Those of uvicorn."""

from __future__ import annotations

from gateway_project.private_members.member import PrivateMembers

HTTP_PROTOCOL = "uvicorn.protocols.http.httptools_impl.HttpToolsProtocol"
CYCLE = "uvicorn.protocols.http.httptools_impl.RequestResponseCycle"
FLOW_CONTROL = "uvicorn.protocols.http.flow_control.FlowControl"
SOCKET_PROTOCOL = "uvicorn.protocols.websockets.websockets_sansio_impl.WebSocketsSansIOProtocol"

SERVER_TESTS = "tests/gateway_project/test_protocol.py"
AT_ONCE_TESTS = "tests/gateway_project/test_at_once.py"
HEAD_TESTS = "tests/gateway_project/test_answer_head.py"

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
        owner=HTTP_PROTOCOL,
        names=(
            "connections",
            "timeout_keep_alive",
            "timeout_keep_alive_handler",
            "timeout_keep_alive_task",
        ),
        user="gateway_project.protocol",
        reason="uvicorn does not wait for a request again behind bytes that begin none.",
        noticed_by=f"{SERVER_TESTS}::test_a_connection_with_no_further_request_is_closed",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("_unset_keepalive_if_required",),
        user="gateway_project.protocol",
        reason="uvicorn goes on waiting where a connection was reset.",
        noticed_by=f"{SERVER_TESTS}::test_a_connection_that_was_reset_while_idle_is_forgotten",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("handle_websocket_upgrade", "parser"),
        user="gateway_project.protocol",
        reason="A connection that became a WebSocket refers to its handshake, and that to it.",
        noticed_by="tests/gateway_project/test_garbage.py"
        "::test_a_websocket_leaves_no_garbage_of_its_handshake",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("cycle", "scope", "pipeline"),
        user="gateway_project.protocol",
        reason="Requests of a connection that has ended refer to it, and it to them.",
        noticed_by="tests/gateway_project/test_garbage.py"
        "::test_a_client_that_leaves_before_its_answers_leaves_no_garbage",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("body",),
        user="gateway_project.at_once",
        reason="A body that has come by now is taken without a coroutine and a timer.",
        noticed_by=f"{AT_ONCE_TESTS}::test_a_body_that_has_come_with_its_head_is_taken_at_once",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=(
            "access_log",
            "default_headers",
            "keep_alive",
            "on_response",
            "response_complete",
            "response_started",
            "scope",
            "waiting_for_100_continue",
        ),
        user="gateway_project.at_once",
        reason="A whole response is written without a coroutine and a look at each header.",
        noticed_by=f"{AT_ONCE_TESTS}::test_a_whole_response_is_written_at_once",
    ),
    PrivateMembers(
        owner=HTTP_PROTOCOL,
        names=("flow", "transport"),
        user="gateway_project.at_once",
        reason="Leads to whether the client has to be waited for, or has left.",
        noticed_by=f"{AT_ONCE_TESTS}::test_no_response_is_written_to_a_connection_that_was_cut",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("transport",),
        user="gateway_project.at_once",
        reason="What a request has written before, as 100 Continue, comes first.",
        noticed_by=f"{AT_ONCE_TESTS}::test_a_client_is_told_to_go_on_before_its_response",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("message_event",),
        user="gateway_project.at_once",
        reason="A task that waits for the client hears that the response is complete.",
        noticed_by=f"{AT_ONCE_TESTS}"
        "::test_who_waits_for_the_client_learns_of_a_response_that_another_task_wrote",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("disconnected", "more_body"),
        user="gateway_project.at_once",
        reason="uvicorn waits for the rest of a body, and hears of a client that has left.",
        noticed_by=f"{AT_ONCE_TESTS}::test_a_body_that_is_still_to_come_is_not_taken",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("body",),
        user="gateway_project.protocol",
        reason="A body is not kept until the next request of its connection.",
        noticed_by=f"{SERVER_TESTS}"
        "::test_a_body_that_nobody_read_is_not_kept_until_the_next_request",
    ),
    PrivateMembers(
        owner=CYCLE,
        names=("transport",),
        user="gateway_project.protocol",
        reason="A head that was not written refers to its request, and that to it.",
        noticed_by="tests/gateway_project/test_garbage.py"
        "::test_a_client_that_leaves_before_its_answers_leaves_no_garbage",
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
        noticed_by=f"{AT_ONCE_TESTS}::test_parts_go_to_the_answer_whose_turn_it_is",
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
        noticed_by=f"{AT_ONCE_TESTS}"
        "::test_nothing_is_written_at_once_to_a_client_that_has_to_be_waited_for",
    ),
    PrivateMembers(
        owner=FLOW_CONTROL,
        names=("write_paused",),
        user="gateway_project.at_once",
        reason="Nothing is written past the buffer of a client that does not read.",
        noticed_by=f"{AT_ONCE_TESTS}"
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
        user="gateway_project.at_once",
        reason="Says that the head of the response is out and that chunks may follow it.",
        noticed_by=f"{AT_ONCE_TESTS}::test_a_part_is_written_at_once_while_the_client_keeps_up",
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
        noticed_by=f"{HEAD_TESTS}::test_the_head_goes_out_with_what_is_written_behind_it",
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
