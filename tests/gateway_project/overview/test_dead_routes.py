from gateway_project.overview.dead_routes import dead_routes, dead_routes_of
from resilience.route import Route, RouteTarget
from resilience.states import states
from tests.support.builders import a_snapshot, a_target


def test_a_route_is_dead_while_all_of_its_targets_rest():
    first, second = a_target(model="a"), a_target(model="b")
    ways = tuple(
        RouteTarget(connection_id=target.key[0], model=target.model) for target in (first, second)
    )
    snapshot = a_snapshot(first, second, routes=[Route(model="chat", targets=ways)])
    states.of(first.key).cool(60, "It failed.")
    assert dead_routes_of(snapshot) == []
    states.of(second.key).cool(60, "It failed.")
    assert dead_routes_of(snapshot) == ["chat"]
    states.of(first.key).revive()
    assert dead_routes_of(snapshot) == []


def test_a_route_to_what_is_gone_is_dead():
    gone = RouteTarget(connection_id=99, model="x")
    routes = [Route(model="chat", targets=(gone,)), Route(model="by-priority")]
    assert dead_routes_of(a_snapshot(a_target(), routes=routes)) == ["chat"]


def test_a_process_that_serves_no_models_knows_of_none():
    assert dead_routes() == []
