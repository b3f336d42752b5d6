"""Finding and running the program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from typing import IO, Any, Callable, Sequence

from .errors import UsageError, failure

Progress = Callable[[str], None]


def find(program: str | None = None) -> str:
    """The path of the program: ``program``, else the environment's ``DEEPXML_DIST``, else ``deepxml-dist`` on the ``PATH``."""
    named = program or os.environ.get("DEEPXML_DIST") or "deepxml-dist"
    found = shutil.which(named)
    if found is None:
        raise UsageError(
            f"the program {named!r} is not there: install it (launch/install), or set DEEPXML_DIST to its path", 2
        )
    return os.path.abspath(found)


def show(line: str) -> None:
    """The default progress: lines on standard error."""
    print(line, file=sys.stderr, flush=True)


class Listener(threading.Thread):
    """Reads a process's standard error, passes lines on, and keeps the last ones for an exception's message."""

    def __init__(self, stream: IO[str], progress: Progress | None) -> None:
        super().__init__(daemon=True)
        self._stream, self._progress = stream, progress
        self.lines: list[str] = []
        self.start()

    def run(self) -> None:
        for line in self._stream:
            self.lines.append(line.rstrip("\n"))
            del self.lines[:-200]
            if self._progress is not None:
                self._progress(self.lines[-1])

    @property
    def text(self) -> str:
        self.join(timeout=10)
        return "\n".join(self.lines)


def run(command: Sequence[str], progress: Progress | None = None, env: dict[str, str] | None = None) -> str:
    """Runs a command to its end and returns its standard output.

    A KeyboardInterrupt stops it as Ctrl-C does in a shell: it writes its checkpoints before it ends.

    Raises:
        DeepXMLError: it ended with another status than 0; the message is what it wrote to standard error.
    """
    process = subprocess.Popen(
        list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )
    assert process.stdout is not None and process.stderr is not None
    listener = Listener(process.stderr, progress)
    try:
        output = process.stdout.read()
    except KeyboardInterrupt:
        # The terminal's Ctrl-C has reached the process too.
        process.wait()
        raise
    finally:
        process.stdout.close()
    if process.wait() != 0:
        raise failure(listener.text, process.returncode)
    return output


def facts(program: str, folder: str) -> dict[str, Any]:
    """What ``inspect --json`` says of a folder."""
    return json.loads(run([program, "inspect", "--json", folder]))
