"""The settings of a live gateway whose tests sign in a hundred times: cheap password hashes.

``start_gateway(**CHEAP_HASHES)``; everything else is as the environment says.
"""

from gateway_project.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
