"""The half that faces clients: requests in, responses and errors out. No upstream is known here."""
