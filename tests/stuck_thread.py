"""Makes one thread of a running process stick, as a debugger would: it is stopped with ptrace while all others go on.

    with StuckThread(event_loops(pid)[0]):
        ...
"""

import ctypes
import os
import pathlib

import harness

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000  # waits for threads, too


def event_loops(process: int) -> list[int]:
    """The threads of a service that serve connections."""
    return [int(thread.name) for thread in pathlib.Path(f"/proc/{process}/task").iterdir()
            if (thread / "comm").read_text().strip() == "http"]


def ptrace(request: int, thread: int):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of thread {thread}")


class StuckThread:
    """On the calling thread only. It may be killed meanwhile, with its process."""

    def __init__(self, thread: int):
        self.thread = thread
        self.ended = False

    def __enter__(self):
        ptrace(PTRACE_SEIZE, self.thread)
        ptrace(PTRACE_INTERRUPT, self.thread)
        harness.wait_until("the thread stands", lambda: self._changed() is not None)
        return self

    def _changed(self) -> int | None:
        found, status = os.waitpid(self.thread, WALL | os.WNOHANG)
        return status if found == self.thread else None

    def is_ended(self) -> bool:
        """Whether it was killed. Its process is not gone before this was asked."""
        if not self.ended:
            status = self._changed()
            self.ended = status is not None and not os.WIFSTOPPED(status)
        return self.ended

    def __exit__(self, *_):
        if not self.is_ended():
            ptrace(PTRACE_DETACH, self.thread)
