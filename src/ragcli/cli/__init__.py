"""The command line: parse, call, show, exit code. Only here are typer and rich known."""
