"""Errors of the program as exceptions."""

from __future__ import annotations


class DeepXMLError(RuntimeError):
    """The program ended with an error; the message is its own.

    Attributes:
        exit_code: the program's exit status; negative: the signal that ended it.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class UsageError(DeepXMLError, ValueError):
    """Wrong usage or input (exit status 2)."""


class DamagedModelError(DeepXMLError):
    """A model or checkpoint is damaged (exit status 3)."""


class OutOfResourcesError(DeepXMLError):
    """Memory or disk space is used up (exit status 4)."""


class StoppedError(DeepXMLError):
    """The run was stopped and has written checkpoints (exit status 75): the same call goes on with it."""


_KINDS = {2: UsageError, 64: UsageError, 3: DamagedModelError, 4: OutOfResourcesError, 75: StoppedError}


def failure(stderr: str, exit_code: int) -> DeepXMLError:
    """The exception for what the program wrote to standard error."""
    lines = stderr.strip().splitlines()
    starts = [i for i, line in enumerate(lines) if line.lower().startswith("error")]
    message = "\n".join(lines[starts[0] :] if starts else lines[-20:])
    kind = _KINDS.get(exit_code, DeepXMLError)
    return kind(message or f"deepxml-dist ended with exit status {exit_code}", exit_code)
