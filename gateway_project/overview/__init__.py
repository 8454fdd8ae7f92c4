"""The admin's first page: what needs a person, what was used, and how connections are.

::

    page ──► attention, checklist, state_line        what is and what is to be done
      └────► traffic ──► figures, requests_chart, connections_panel
      └────► failures, tops                          single requests, people, models and groups

Each panel is for those who may see its rows. Six queries serve all of it.
"""
