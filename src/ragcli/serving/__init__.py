"""A resident process that answers for short-lived ones, over a UNIX socket (``rag serve``).

Whatever it cannot answer, the command does itself: a helper that is dead, stale or about something
else changes nothing but the time an answer takes.
"""
