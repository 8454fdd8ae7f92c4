"""What the gateway keeps of responses and conversations, so that clients can go on from them.

For upstreams that keep nothing themselves. All content is encrypted, belongs to one user, ends by
itself and is bounded, see :mod:`gateway_project.settings.caps`.
"""
