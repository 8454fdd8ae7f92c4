"""The settings of live gateways: those of the environment, with cheap password hashes.

A hash that is worth its name takes half a second of CPU, at each sign-in and for each new user.
"""

from gateway_project.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
