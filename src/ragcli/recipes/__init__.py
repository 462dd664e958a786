"""What ragcli can do, a file for each: stages meet here, and only here.

Each recipe reads top to bottom, takes ready parts as arguments, prints nothing and returns what
it did or found. ``ingest`` is helped by ``scan`` (what is to be done), ``intake`` (files into the
store), ``backlog`` and ``lanes`` (embedding); ``doctor`` by ``checkup``, ``surroundings`` and
``repair``.
"""
