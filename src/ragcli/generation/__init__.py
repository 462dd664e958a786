"""From a prompt to an answer whose markers point at passages.

``prompt`` and ``citations`` are pure; ``extractive``, ``ollama`` and ``openai`` are the generators.
"""
