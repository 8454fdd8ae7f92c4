"""Filters: plain classes of an operator's that see every request and answer pass.

``GATEWAY_FILTERS`` names them; ``docs/filters.md`` says what they may do. ``chain`` runs them;
the other modules are filters that come with Gatehouse.
"""
