"""Shared by all tests. Its place also makes the folder ``fakes`` importable everywhere."""

from hypothesis import settings

# A shared machine may pause in any example; how long one takes says nothing about the code.
settings.register_profile("ragcli", deadline=None)
settings.load_profile("ragcli")
