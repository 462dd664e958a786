"""Dates as documents state them, turned into ISO 8601."""

from __future__ import annotations

import re
from datetime import date, datetime

# 2024-01-05, 2024/1/5, 2024.01.05 and 2024年1月5日, each with or without a time behind it. Orders
# other than year, month, day are not guessed: 01/05/2024 is two different days.
_DATE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]\s*(?P<time>\d.*))?$", re.ASCII
)


def iso_date(value: str) -> str | None:
    """The date, with its time where that can be read too; None when it is not one."""
    match = _DATE.match(value.strip())
    if match is None:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        return None
    if not match["time"]:
        return day
    try:
        return datetime.fromisoformat(f"{day}T{match['time'].replace(' ', '')}").isoformat()
    except ValueError:
        return day
