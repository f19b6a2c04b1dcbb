"""A sandbox in a process of its own: both ends of the pipe between the two.

The child is told everything through its standard input, a JSON object a line, and answers each on
its standard output. When the input ends, the child ends: nothing outlives its parent.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttsframe.config import Credentials
from ttsframe.errors import OutageError, SettingsError
from ttsframe.sandbox.behaviour import Behaviour
from ttsframe.sandbox.gateway import Gateway
from ttsframe.sandbox.log import Log, Recorder, read_log
from ttsframe.sandbox.orders import Table, table_from_rows
from ttsframe.sandbox.server import Server

if TYPE_CHECKING:
    from typing import TextIO

_CLOSE_SECONDS = 10


class ChildServer:
    """A server in a child process; the parent's end.

    Parameters
    ----------
    table
        The orders; the child has a copy.
    credentials
        What requests must be signed with.
    behaviour
        The knobs.
    port
        The port; a free one if 0.
    log_file
        Where the child logs; a temporary file if None.

    Raises
    ------
    SettingsError
        If the port cannot be had.
    """

    def __init__(
        self,
        table: Table,
        credentials: Credentials,
        behaviour: Behaviour,
        *,
        port: int,
        log_file: str | Path | None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ttsframe-sandbox-")
        self._log_file = Path(log_file or Path(self._folder.name, "log.jsonl")).resolve()
        self._child = subprocess.Popen(
            [sys.executable, "-m", "ttsframe.sandbox.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            self.port = int(
                self._ask(
                    {
                        "rows": table.rows(),
                        "credentials": asdict(credentials),
                        "behaviour": asdict(behaviour),
                        "port": port,
                        "log_file": str(self._log_file),
                    }
                )
            )
        except BaseException:
            self.close()
            raise

    @property
    def table(self) -> Table:
        """The table as it is now, in the child."""
        return table_from_rows(self._ask({"command": "rows"}))

    @property
    def log(self) -> Log:
        """What the child has logged until now."""
        self._ask({"command": "flush"})
        return read_log(self._log_file)

    def change(self, behaviour: Behaviour) -> None:
        """Go on with other knobs."""
        self._ask({"command": "change", "behaviour": asdict(behaviour)})

    def close(self) -> None:
        """End the child and wait for it."""
        if self._child.stdin and not self._child.stdin.closed:
            self._child.stdin.close()
        try:
            self._child.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout:
            self._child.stdout.close()
        self._folder.cleanup()

    def _ask(self, request: dict[str, Any]) -> Any:  # noqa: ANN401
        if self._child.stdin is None or self._child.stdout is None or self._child.stdin.closed:
            raise OutageError("the sandbox is closed; start another.")
        try:
            print(json.dumps(request), file=self._child.stdin, flush=True)
        except BrokenPipeError as error:
            raise OutageError("the process of the sandbox has ended; start another.") from error
        line = self._child.stdout.readline()
        if not line:
            raise OutageError("the process of the sandbox has ended; start another.")
        answer = json.loads(line)
        if "error" in answer:
            raise SettingsError(answer["error"])
        return answer["answer"]


def serve_pipe(asked: TextIO, answered: TextIO) -> None:
    """Serve until the input ends: the child's end.

    Parameters
    ----------
    asked
        The requests of the parent, a JSON object a line; the first tells what to serve.
    answered
        Where each is answered.
    """
    order = json.loads(asked.readline())
    behaviour = Behaviour(**order["behaviour"])
    gateway = Gateway(table_from_rows(order["rows"]), Credentials(**order["credentials"]), behaviour)
    try:
        server = Server(gateway, Recorder(None, order["log_file"]), port=order["port"])
    except SettingsError as error:
        _tell({"error": str(error)}, answered)
        return
    try:
        _tell({"answer": server.port}, answered)
        for line in asked:
            _tell({"answer": _obey(server, json.loads(line))}, answered)
    finally:
        server.close()


def _obey(server: Server, request: dict[str, Any]) -> Any:  # noqa: ANN401
    if request["command"] == "rows":
        return server.gateway.table.rows()
    if request["command"] == "change":
        server.call(server.gateway.change, Behaviour(**request["behaviour"]))
    else:
        server.recorder.flush()
    return None


def _tell(answer: dict[str, Any], answered: TextIO) -> None:
    print(json.dumps(answer), file=answered, flush=True)
