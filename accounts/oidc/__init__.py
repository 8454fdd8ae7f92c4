"""Sign-in with one OpenID Connect provider, described by the ``OIDC_*`` settings.

A person is known by the issuer and the subject it names, and by nothing else.
"""
