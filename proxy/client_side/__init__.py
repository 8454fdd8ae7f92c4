"""The half that faces clients: requests in, responses and errors out.

No target is chosen here, and nothing is sent to an upstream.
"""
