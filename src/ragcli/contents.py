"""What is in a project: looking at it, taking out of it, taking it away."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ragcli.parts import Parts

if TYPE_CHECKING:
    from ragcli.domain import Document
    from ragcli.reading.options import ReadOptions
    from ragcli.recipes.chunks import CutFile
    from ragcli.recipes.export_project import Exported, Paths
    from ragcli.recipes.files import ProjectFile
    from ragcli.recipes.remove import Removed
    from ragcli.recipes.show import Shown


class Contents(Parts):
    """The part of ``Rag`` that is about files and texts as they are stored."""

    def files(self, pattern: str | None = None) -> tuple[ProjectFile, ...]:
        """The files of the project: all, or those that a pattern, a name or a folder names."""
        from ragcli.recipes.files import files

        return files(self.store, pattern)

    def show(self, name: str) -> Shown:
        """The stored text of ``FILE``, ``FILE:PAGE`` or ``FILE:LINE``. Raises NotInProject."""
        from ragcli.recipes.show import show

        return show(self.store, name)

    def extract(self, path: str | os.PathLike[str]) -> Document:
        """What the readers make of any file; nothing is stored. Raises UsageError, Unreadable."""
        from ragcli.recipes.extract import extract

        return extract(Path(path).expanduser(), self._reading())

    def chunks(self, name: str) -> CutFile:
        """How a file was cut. Raises NotInProject."""
        from ragcli.recipes.chunks import chunks

        return chunks(self.store, name)

    def remove(self, names: Sequence[str], *, purge: bool = False) -> Removed:
        """Take files and folders out of the project; those on disk are not touched. With ``purge``
        no word is left in the project's folder of what is removed now or was before.

        Raises NotInProject (then nothing is changed), ProjectLocked.
        """
        from ragcli.recipes.remove import remove

        return remove(self.store, names, self.settings.wait_s, purged=purge)

    def export(self, file: str | os.PathLike[str], *, paths: Paths = "keep") -> Exported:
        """Write the project into one file: paths as they are stored, or ``relative`` also where
        they lie outside the project's folder, or ``none``. Raises UsageError."""
        from ragcli.recipes.export_project import export

        return export(self.store, Path(file).expanduser(), paths)

    def _reading(self) -> ReadOptions:
        from ragcli.reading.options import ReadOptions

        return ReadOptions.of(self.settings)
