"""Verification of a connection: what works, what broke, and what to change.

``run`` takes the steps in order, ``several`` verifies many at once, ``keeping`` also keeps what
came of it. ``network`` has the steps below HTTP, ``model_list`` tells a refused key from a
missing list, ``trial_chat`` tries a model. ``refusals`` says what a status means, ``texts`` keeps
secrets out of whatever is said.
"""

from connections.choices import Outcome
from connections.verify.result import Status, Step, Verification
from connections.verify.run import verify
from connections.verify.several import verify_all

__all__ = ["Outcome", "Status", "Step", "Verification", "verify", "verify_all"]
