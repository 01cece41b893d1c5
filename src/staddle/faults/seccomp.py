"""The kernel's half of the cutter: every file-changing system call of a process tree stops here until it is answered.

A seccomp filter with a user notification listener is inherited by all descendants, setsid and double forks included,
and needs neither root nor ptrace. Reads, and opens that create nothing, are allowed inside the kernel and cost nothing.
The tests run on x86_64; the aarch64 column follows the kernel's generic table and has not been run.
"""
# Plain strings for paths: this runs at every call of the tree, and a Path costs more than the system call.
# ruff: noqa: PTH115, PTH118, PTH123

import ctypes
import errno
import fcntl
import os
import platform
import socket
import struct
from contextlib import suppress
from typing import NamedTuple

# Name, number on x86_64, on aarch64, and the arguments that say which file: fdN, pathN, or atN (folder fd N, path N+1).
_TABLE = """
    write 1 64 fd0            pwrite64 18 68 fd0        writev 20 66 fd0          pwritev 296 70 fd0
    pwritev2 328 287 fd0      sendfile 40 71 fd0        splice 275 76 fd2         copy_file_range 326 285 fd2
    ioctl 16 29 fd0           open 2 - path0            openat 257 56 at0         creat 85 - path0
    truncate 76 45 path0      ftruncate 77 46 fd0       fallocate 285 47 fd0      mkdir 83 - path0
    mkdirat 258 34 at0        rmdir 84 - path0          rename 82 - path0,path1   renameat 264 38 at0,at2
    renameat2 316 276 at0,at2 link 86 - path0,path1     linkat 265 37 at0,at2     symlink 88 - path1
    symlinkat 266 36 at1      unlink 87 - path0         unlinkat 263 35 at0       mknod 133 - path0
    mknodat 259 33 at0        chmod 90 - path0          fchmod 91 52 fd0          fchmodat 268 53 at0
    fchmodat2 452 452 at0     chown 92 - path0          lchown 94 - path0         fchown 93 55 fd0
    fchownat 260 54 at0       utime 132 - path0         utimes 235 - path0        futimesat 261 - at0
    utimensat 280 88 at0      setxattr 188 5 path0      lsetxattr 189 6 path0     fsetxattr 190 7 fd0
    removexattr 197 14 path0  lremovexattr 198 15 path0 fremovexattr 199 16 fd0
"""
_MACHINES = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}  # column, audit architecture, seccomp(2)
SUPPORTED = platform.system() == "Linux" and platform.machine() in _MACHINES
_COLUMN, _ARCH, _SECCOMP = _MACHINES.get(platform.machine(), (0, 0, 0))
_UNSEEN = (437, 425)  # openat2, io_uring_setup: a filter cannot see what they do; ENOSYS sends callers to plain calls
_PIDFD_GETFD = 438

# struct sock_filter opcodes, and offsets into struct seccomp_data
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16
_ALLOW, _NOTIFY, _ERRNO = 0x7FFF0000, 0x7FC00000, 0x00050000
_NEW_LISTENER, _WAIT_KILLABLE = 1 << 3, 1 << 5  # killable only: a call that SIGCHLD restarts would count twice
_RECEIVE, _SEND, _SET_FLAGS = 0xC0502100, 0xC0182101, 0x40082104
_CONTINUE, _SYNC_WAKE_UP = 1, 1
_FICLONE = 0x40049409
# Calls that change a file only when argument N passes this test.
_CONDITIONS = {
    "open": (1, _ANY_BIT, os.O_CREAT | os.O_TRUNC),
    "openat": (2, _ANY_BIT, os.O_CREAT | os.O_TRUNC),
    "ioctl": (1, _EQUAL, _FICLONE),
}
_AT_FDCWD = 0xFFFFFF9C
_libc = ctypes.CDLL(None, use_errno=True)


class Kind(NamedTuple):
    """One system call: its name, and where its arguments say which file, as (fd | path | at, argument number)."""

    name: str
    places: tuple[tuple[str, int], ...]


class Notice(NamedTuple):
    """One stopped call: the kernel's id for it, the thread that makes it, its kind and its six arguments."""

    id: int
    thread: int
    kind: Kind
    args: tuple[int, ...]


def _kinds() -> dict[int, Kind]:
    words = iter(_TABLE.split())
    table = {}
    for name, *numbers, places in zip(words, words, words, words, strict=True):
        if (number := numbers[_COLUMN]) != "-":
            table[int(number)] = Kind(name, tuple((place[:-1], int(place[-1])) for place in places.split(",")))
    return table


KINDS = _kinds()


def prctl(option: int, value: int) -> None:
    """Set one attribute of this process."""
    if _libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def stop_file_changes(channel: socket.socket) -> None:
    """Put this process and all it will start under notification, and send the listener through `channel`."""
    if not SUPPORTED:
        raise OSError(errno.ENOSYS, f"no table of system calls for {platform.system()} on {platform.machine()}")
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in _program())
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HP", len(code) // 8, ctypes.addressof(buffer))
    prctl(38, 1)  # PR_SET_NO_NEW_PRIVS: what lets an ordinary user install a filter
    listener = _libc.syscall(_SECCOMP, 1, _NEW_LISTENER | _WAIT_KILLABLE, program)
    if listener < 0:
        raise OSError(ctypes.get_errno(), "no seccomp user notification here (Linux 5.19 and a permissive container)")
    socket.send_fds(channel, [b"."], [listener])  # sendmsg is not filtered; a write would wait for an answer for ever
    os.close(listener)


def _program() -> list[tuple[int, int, int, int]]:
    """The filter, as (opcode, skip if true, skip if false, operand)."""
    code = [(_LOAD, 0, 0, _ARCH_AT), (_EQUAL, 1, 0, _ARCH), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, _NUMBER_AT)]
    for number in _UNSEEN:
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for number, kind in KINDS.items():
        if kind.name in _CONDITIONS:
            argument, test, operand = _CONDITIONS[kind.name]
            code += [(_EQUAL, 0, 4, number), (_LOAD, 0, 0, _ARGS_AT + 8 * argument), (test, 0, 1, operand)]
            code += [(_RETURN, 0, 0, _NOTIFY), (_RETURN, 0, 0, _ALLOW)]
        else:
            code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _NOTIFY)]
    return [*code, (_RETURN, 0, 0, _ALLOW)]


class Listener:
    """The end at which stopped calls arrive and are answered; a call that is never answered never happens."""

    def __init__(self, channel: socket.socket) -> None:
        """Take the listener that `stop_file_changes` sent; ConnectionError when it could not."""
        _, received, _, _ = socket.recv_fds(channel, 1, 1)
        if not received:
            raise ConnectionError("no listener came")
        self.fd = received[0]
        with suppress(OSError):  # Linux 6.6: hand the processor straight over, which halves the cost of a call
            fcntl.ioctl(self.fd, _SET_FLAGS, _SYNC_WAKE_UP)

    def receive(self) -> Notice | None:
        """The next stopped call, or None when its process died before it could be taken."""
        buffer = bytearray(80)
        with suppress(InterruptedError, FileNotFoundError):
            fcntl.ioctl(self.fd, _RECEIVE, buffer)
            id_, thread, _, number, _, _, *args = struct.unpack("QIIiIQ6Q", buffer)
            return Notice(id_, thread, KINDS[number], tuple(args))
        return None

    def go_on(self, notice: Notice) -> None:
        """Let the call happen."""
        self._answer(struct.pack("QqiI", notice.id, 0, 0, _CONTINUE))

    def fail(self, notice: Notice, code: int) -> None:
        """Make the call return this errno and do nothing."""
        self._answer(struct.pack("QqiI", notice.id, 0, -code, 0))

    def _answer(self, response: bytes) -> None:
        with suppress(FileNotFoundError):  # the process was killed meanwhile
            while True:
                with suppress(InterruptedError):
                    fcntl.ioctl(self.fd, _SEND, response)
                    return


def paths(notice: Notice) -> list[str]:
    """The absolute paths the call is about; a pipe or socket shows as the kernel names it, `pipe:[17]`."""
    return [_path(notice.thread, how, *notice.args[position:][:2]) for how, position in notice.kind.places]


def _path(thread: int, how: str, first: int, second: int) -> str:
    pointer = {"fd": 0, "path": first, "at": second}[how]
    here = how == "path" or first & 0xFFFFFFFF == _AT_FDCWD
    folder = os.readlink(f"/proc/{thread}/{'cwd' if here else f'fd/{first & 0xFFFFFFFF}'}")
    if not pointer:  # also utimensat(fd, NULL), which is about the fd itself
        return folder
    return os.path.normpath(os.path.join(folder, os.fsdecode(_memory(thread, pointer, 4096).split(b"\0", 1)[0])))


def write_half(notice: Notice) -> None:
    """Do the first half of a stopped write in the caller's place; other calls are left undone."""
    handle, address, count, offset = notice.args[:4]
    if notice.kind.name in {"write", "pwrite64"}:
        data = _memory(notice.thread, address, count // 2)
    elif notice.kind.name in {"writev", "pwritev", "pwritev2"}:
        pieces = struct.iter_unpack("QQ", _memory(notice.thread, address, 16 * count))
        data = b"".join(_memory(notice.thread, *piece) for piece in pieces)
        data = data[: len(data) // 2]
    else:
        return
    ours = _borrow(notice.thread, handle)
    if notice.kind.name in {"pwrite64", "pwritev"}:
        os.pwrite(ours, data, offset)
    else:
        os.write(ours, data)
    os.close(ours)


def _borrow(thread: int, handle: int) -> int:
    """Our own fd for another process's open file; the file offset is shared, as opening it by path would not."""
    with open(f"/proc/{thread}/status", encoding="ascii") as status:
        process = next(int(line[5:]) for line in status if line.startswith("Tgid:"))
    pidfd = os.pidfd_open(process)
    ours: int = _libc.syscall(_PIDFD_GETFD, pidfd, handle, 0)
    os.close(pidfd)
    if ours < 0:
        raise OSError(ctypes.get_errno(), "pidfd_getfd")
    return ours


def _memory(thread: int, address: int, size: int) -> bytes:
    with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
        return os.pread(memory.fileno(), size, address)
