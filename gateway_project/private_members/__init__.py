"""Every internal member of uvicorn and aiohttp that the gateway overrides, reads or sets.

Neither library promises them: any release may rename one. So requirements/base.in pins both to the
patch level. Before you raise a pin, compare the new source of each owner below.
``tests/gateway_project/test_private_members.py`` fails if a member is missing there, and if the
gateway uses one that is missing here.

Every name of uvicorn's protocol classes counts as internal: none of them is documented. aiohttp's
count when they begin with an underscore, belong to ``ResponseHandler``, or are overridden; so does
what of ``ClientResponse`` its session calls.
"""

from gateway_project.private_members.member import PrivateMembers as PrivateMembers
from gateway_project.private_members.of_aiohttp import AIOHTTP
from gateway_project.private_members.of_uvicorn import UVICORN

PRIVATE_MEMBERS = (*AIOHTTP, *UVICORN)
