"""Telling people, once, that a limit is nearly used up: by mail and by a signed webhook.

Period, as the flusher writes it ─► crossings ─► LimitAlert, one row for each threshold
                                                      │ leased by one worker
                                    message ◄─────────┘
                                       └─► mail, webhook
"""
