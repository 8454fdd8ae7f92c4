from __future__ import annotations

from connections.auth.key_pool import KeyPool
from connections.auth.key_states import KeyState
from connections.calling.key_pools import KeyPools
from connections.upstream import UpstreamKey

A = UpstreamKey(id="a", secret="sk-a")


def test_a_change_is_told_with_its_connection() -> None:
    pools, heard = KeyPools(), []
    pools.on_change = lambda connection_id, change: heard.append((connection_id, change.state))
    pools.replace({7: KeyPool((A,)), 8: KeyPool((A,))})
    pool = pools.of(8)
    assert pool is not None
    pool.kill(A, "401")
    assert heard == [(8, KeyState.DEAD)]


def test_a_closed_connection_has_no_pool() -> None:
    pools = KeyPools()
    pools.replace({7: KeyPool((A,))})
    pools.replace({})
    assert pools.of(7) is None


def test_nobody_has_to_listen() -> None:
    pools = KeyPools()
    pool = KeyPool((A,))
    pools.replace({7: pool})
    pool.kill(A, "401")
    assert pool.usable("m") is None
