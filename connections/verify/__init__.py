"""Verification of a connection: what works, what broke, and what to change.

``run`` takes the steps in order, ``several`` verifies many at once. ``network`` has the steps below
HTTP, ``listing`` tells a refused key from a missing list, ``chat`` tries a model. ``refusals`` says
what a status means, ``texts`` keeps secrets out of whatever is said.
"""

from connections.verify.result import Outcome, Status, Step, Verification
from connections.verify.run import verify
from connections.verify.several import verify_all

__all__ = ["Outcome", "Status", "Step", "Verification", "verify", "verify_all"]
