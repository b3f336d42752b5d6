"""Finding and running the program."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from typing import IO, Any, Callable, Mapping, Sequence

from .errors import UsageError, failure

Progress = Callable[[str], None]

# What makes a process a rank of a job of Open MPI, MPICH or SLURM. What a person sets for Open MPI (OMPI_MCA_btl …) stays.
_RANK = re.compile(
    r"OMPI_(?!MCA_|ALLOW_)|OMPI_MCA_(ess|orte|pmix|initial_wdir|shmem_RUNTIME)|PMIX?_|MPI_LOCAL|HYDI_"
    r"|SLURM_(PROCID|LOCALID|STEP_NUM_TASKS)$"
)
_RANK_NUMBERS = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID")


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


def environment() -> dict[str, str]:
    """This process's variables, without those that would make a child the rank that this process is."""
    if not any(name in os.environ for name in _RANK_NUMBERS):
        return dict(os.environ)
    return {name: value for name, value in os.environ.items() if not _RANK.match(name)}


def start(command: Sequence[str], **options: Any) -> subprocess.Popen:
    """Starts a command, which is no rank of the job that this process may belong to."""
    try:
        return subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **{"env": environment(), **options})
    except OSError as error:
        raise UsageError(f"the program {command[0]} cannot be started: {error.strerror or error}", 2) from error


class Listener(threading.Thread):
    """Reads a process's standard error, passes lines on, and keeps the last ones for an exception's message.

    Where ``progress`` raises, ``failure`` holds its exception, ``stop`` is called once, and the lines are read on.
    """

    def __init__(self, stream: IO[str], progress: Progress | None, stop: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._stream, self._progress, self._stop_process = stream, progress, stop
        self.lines: list[str] = []
        self.failure: BaseException | None = None
        self.start()

    def run(self) -> None:
        with self._stream:
            for line in self._stream:
                self.lines.append(line.rstrip("\n"))
                del self.lines[:-200]
                if self._progress is not None and self.failure is None:
                    try:
                        self._progress(self.lines[-1])
                    except BaseException as error:
                        self.failure = error
                        threading.Thread(target=self._stop_process, daemon=True).start()

    @property
    def text(self) -> str:
        self.join(timeout=10)
        return "\n".join(self.lines)


def stop(process: subprocess.Popen, seconds: float) -> None:
    """Lets a run write its checkpoints and end, which may take ``seconds``; one that does not is killed.

    ``mpirun`` passes SIGUSR1 on to its ranks; at SIGTERM it ends them.
    """
    try:
        for number, limit in ((signal.SIGUSR1, seconds), (signal.SIGTERM, 5)):
            process.send_signal(number)
            try:
                process.wait(timeout=limit)
                return
            except subprocess.TimeoutExpired:
                pass
    finally:
        # Also at a second interrupt.
        process.kill()
        process.wait()


def run(command: Sequence[str], progress: Progress | None = None, env: Mapping[str, str] | None = None) -> str:
    """Runs a command to its end and returns its standard output.

    The command has a session of its own, so that a terminal's Ctrl-C reaches it through this function alone: a KeyboardInterrupt lets it
    write its checkpoints, for which it has a minute; a second one kills it. At any other exception it has five seconds.

    Args:
        env: variables to add where the environment has none of that name.

    Raises:
        DeepXMLError: it ended with another status than 0; the message is what it wrote to standard error.
    """
    process = start(
        command, stdin=subprocess.DEVNULL, encoding="utf-8", errors="replace", env={**(env or {}), **environment()},
        start_new_session=True,
    )  # fmt: skip
    output: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            output.append(stream.read())

    try:
        assert process.stderr is not None
        listener = Listener(process.stderr, progress, lambda: stop(process, 5))
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        process.wait()
        reader.join()
        listener.join(timeout=10)
    except BaseException as error:
        stop(process, 60 if isinstance(error, KeyboardInterrupt) else 5)
        raise
    if listener.failure is not None:
        raise listener.failure
    if process.returncode != 0:
        raise failure(listener.text, process.returncode)
    return "".join(output)


def facts(program: str, folder: str) -> dict[str, Any]:
    """What ``inspect --json`` says of a folder."""
    said = run([program, "inspect", "--json", folder])
    try:
        about = json.loads(said)
        about["kind"]
    except (ValueError, TypeError, LookupError) as error:
        raise foreign(program) from error
    return about


def foreign(program: str) -> UsageError:
    """The error for a program that does not answer as deepxml-dist of this version does."""
    return UsageError(f"{program} does not answer as deepxml-dist does: is it another program, or of another version?", 2)
