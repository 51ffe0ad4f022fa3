"""Run a set of commands as children: prefix what they say, start again what crashes, stop all of them together."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worker import embedded, servers
from worker.processes.state import ChildState, UpState, being_up, end_group, write
from worker.settings import Settings

STOP_PATIENCE_SECONDS = 45.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# A child that ran this long was well; its next crash is a new trouble and is answered at once again.
WELL_AFTER_SECONDS = 60.0
SERVER_LOOK_SECONDS = 5.0
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93)


@dataclass(frozen=True, slots=True)
class ChildCommand:
    """One command to keep running: its name in the output, its argument list, variables of its own."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def run_up(
    settings: Settings, commands: Sequence[ChildCommand], *, prepare: Callable[[Settings], None] | None = None
) -> None:
    """Start the servers that are not configured, then the commands, and keep them running until Ctrl-C or SIGTERM.

    `prepare` is called once the servers answer and before any command starts (migrations). The commands find the
    servers by PERPETUA_ variables. At the end everything is stopped, embedded servers included.
    Raises AlreadyUpError, EmbeddedServerError, and whatever `prepare` raises.
    """
    with being_up(settings.home):
        # Until the supervisor listens, SIGTERM too has to pass through the clean-up below.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            connected = servers.connect(settings)
            if prepare is not None:
                prepare(connected)
            asyncio.run(_Supervisor(settings, connected, commands).run())
        finally:
            if servers.uses_embedded(settings):
                embedded.stop(settings.home)


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the variables by which a child finds the servers; the owner's login is not among them."""
    urls = {
        "PERPETUA_DATABASE_URL": settings.database_url,
        "PERPETUA_REDIS_URL": settings.redis_url,
        "PERPETUA_BROKER_URL": settings.broker_url,
    }
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("PERPETUA_OWNER_DATABASE_URL")
    }
    known = {name: url for name, url in urls.items() if url is not None}
    return {**inherited, **known, "PERPETUA_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"}


class _Child:
    """One supervised command, from start to start."""

    def __init__(self, command: ChildCommand) -> None:
        self.command = command
        self.process: asyncio.subprocess.Process | None = None
        self.restarts = 0

    def state(self) -> ChildState:
        return ChildState(
            name=self.command.name,
            argv=list(self.command.argv),
            pid=self.process.pid if self.process else None,
            restarts=self.restarts,
        )


class _Supervisor:
    def __init__(self, settings: Settings, connected: Settings, commands: Sequence[ChildCommand]) -> None:
        self.settings = settings
        self.connected = connected
        self.children = [_Child(command) for command in commands]
        self.started_at = int(time.time())
        self.stopping = asyncio.Event()
        self.output = _Output([command.name for command in commands])

    async def run(self) -> None:
        """Keep everything running until a signal asks to stop, then stop it in good order."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(sign, self.stopping.set)
        self.note()
        tasks = [asyncio.create_task(self.keep_running(child)) for child in self.children]
        if servers.uses_embedded(self.settings):
            tasks.append(asyncio.create_task(self.keep_servers_running()))
        stop = asyncio.create_task(self.stopping.wait())
        try:
            # A keeper ends only by an error of our own, and that must not pass unseen.
            await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.stopping.set()
            self.output.line("up", "stopping")
            self.signal_children(signal.SIGTERM)
            _, late = await asyncio.wait(tasks, timeout=STOP_PATIENCE_SECONDS)
            if late:
                self.output.line("up", "some did not stop in time and are ended")
                self.signal_children(signal.SIGKILL)
            await asyncio.gather(*tasks)
            stop.cancel()

    async def keep_running(self, child: _Child) -> None:
        """Start a child, pass on what it says, and start it again when it ends, after a growing pause."""
        pause = FIRST_PAUSE_SECONDS
        while not self.stopping.is_set():
            began = time.monotonic()
            ended = await self.run_once(child)
            if self.stopping.is_set():
                return
            if time.monotonic() - began > WELL_AFTER_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self.output.line("up", f"{child.command.name} {ended}; starting it again in {pause:.0f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            child.restarts += 1

    async def run_once(self, child: _Child) -> str:
        """Run a child to its end; returns in words how it ended."""
        try:
            child.process = await asyncio.create_subprocess_exec(
                *child.command.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**child_environment(self.connected), **child.command.environment},
                # In a session of its own, a child hears of Ctrl-C from us alone and stops in its own order.
                start_new_session=True,
            )
        except OSError as error:
            return f"can't be started ({error.strerror}: {child.command.argv[0]})"
        self.note()
        if self.stopping.is_set():
            # The signal to stop came while this child was being born, and passed it by.
            end_group(child.process.pid, signal.SIGTERM)
        await self.pass_on(child.command.name, child.process)
        status = await child.process.wait()
        # What a crashed child had started (a worker's pool) must not go on beside its successor.
        end_group(child.process.pid, signal.SIGKILL)
        child.process = None
        self.note()
        return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"

    async def pass_on(self, name: str, process: asyncio.subprocess.Process) -> None:
        """Write a child's lines as they come, until it closes its output or ends."""
        if process.stdout is None:
            return
        ended = asyncio.create_task(process.wait())
        rest = b""
        while True:
            reading = asyncio.create_task(process.stdout.read(65_536))
            done, _ = await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
            if reading not in done:
                # A grandchild may keep the output open for ever; what is already written gets a moment to arrive.
                done, _ = await asyncio.wait({reading}, timeout=0.5)
            if reading not in done:
                reading.cancel()
                break
            block = reading.result()
            if not block:
                break
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                self.output.line(name, line.decode(errors="replace"))
        if rest:
            self.output.line(name, rest.decode(errors="replace"))
        await ended

    async def keep_servers_running(self) -> None:
        """Start the embedded servers again should one have died; children follow if the addresses changed."""
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), SERVER_LOOK_SECONDS)
                return
            if all(server.running for server in embedded.status(self.settings.home)):
                continue
            self.output.line("up", "an embedded server has ended; starting it again")
            try:
                again = await asyncio.to_thread(servers.connect, self.settings)
            except embedded.EmbeddedServerError as error:
                self.output.line("up", str(error))
                continue
            if again != self.connected:
                self.connected = again
                self.signal_children(signal.SIGTERM)

    def signal_children(self, sign: signal.Signals) -> None:
        """Signal every child; the firm signal goes to all that it started too."""
        for child in self.children:
            if child.process is None:
                continue
            if sign is signal.SIGKILL:
                end_group(child.process.pid, sign)
            else:
                with contextlib.suppress(ProcessLookupError):
                    child.process.send_signal(sign)

    def note(self) -> None:
        """Leave the present state for other terminals."""
        children = [child.state() for child in self.children]
        write(Path(self.settings.home), UpState(pid=os.getpid(), started_at=self.started_at, children=children))


class _Output:
    """Standard output, each line under the name of who said it."""

    def __init__(self, names: Sequence[str]) -> None:
        self.width = max((len(name) for name in [*names, "up"]), default=2)
        self.colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}
        self.coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def line(self, name: str, text: str) -> None:
        """Write one line at once."""
        prefix = f"{name:<{self.width}} |"
        if self.coloured:
            prefix = f"\x1b[{self.colours.get(name, 1)}m{prefix}\x1b[0m"
        # A terminal that went away (a closed window) must not keep the children from being stopped in order.
        with contextlib.suppress(OSError):
            sys.stdout.write(f"{prefix} {text.rstrip()}\n")
            sys.stdout.flush()
