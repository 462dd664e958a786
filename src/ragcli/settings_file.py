"""Writing one value into a ``config.toml``, without a change to anything else in it."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from ragcli import disk, private
from ragcli.errors import UsageError


def write_value(file: Path, key: str, value: Any) -> None:
    """Set one key, or take it out for None; comments and all others stay. Raises UsageError."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        document = tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise UsageError(f"cannot read the settings in {file}: {error}", "mend the file") from error
    if value is None:
        document.pop(key, None)
    else:
        document[key] = value
    _replace(file, tomlkit.dumps(document))


def _replace(file: Path, text: str) -> None:
    """The whole new file or the old one; readable by its owner only, unless it was more open."""
    with disk.place_named(f"write {file}", "who owns it? ls -ld its folder"):
        private.make_folder(file.parent)
        target = file.resolve()  # a link into someone's dotfiles stays one
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else private.FILE_MODE
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".config-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).chmod(mode)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
