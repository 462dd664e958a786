"""Files to documents: which files, in which encoding, with which structure.

``walk`` finds the files, ``worker.ReaderPool`` reads them in child processes, so that a file that
crashes or hangs its library costs that file only. In the child, ``dispatch.read_document`` picks
the format in ``table.READERS`` and calls its reader.

To add a format: write ``reading/<module>.py`` with ``read(data: bytes, path: PurePath) ->
Document``, which may raise ``errors.Unreadable``, and add one line to ``table.READERS``. One whose
files hold others has ``parts`` too: see ``parts.py``.
"""

# Raised when some reader gives another document for the same bytes; files are then read again.
READER_VERSION = 3
