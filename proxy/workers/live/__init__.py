"""The live view: what is in flight, for staff to watch and to end.

Workers report only while somebody watches. The watcher says so every few seconds
(``consumer``); each worker answers with reports for a little longer than that
(``proxy.workers.reports``).
"""
