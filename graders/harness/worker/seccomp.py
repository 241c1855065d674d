"""A seccomp filter: system calls that no exercise needs and that lead out of the sandbox.

libseccomp, through ``pyseccomp``, turns the names into a program for the kernel; the fork
server does so once, and each worker only loads it. Imports nothing of the engine.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable
from typing import Any

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_PR_SET_PDEATHSIG = 1
_INSTRUCTION_BYTES = 8
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, -CGROUP, -UTS, -IPC, -USER, -PID, -NET
_INT_MASK = 0xFFFFFFFF
_UNIX = 1  # AF_UNIX

#: Refused with EPERM, whatever their arguments.
REFUSED = (
    # other processes: their memory, their files, their signals
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp",
    "pidfd_open", "pidfd_getfd", "pidfd_send_signal",
    # programs without a file, files without a path
    "execveat", "memfd_secret", "open_by_handle_at", "name_to_handle_at",
    # ways round a filter, and large attack surfaces of the kernel
    "io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open",
    "userfaultfd", "add_key", "keyctl", "request_key", "fanotify_init", "lookup_dcookie",
    "modify_ldt",
    # other namespaces and other file systems
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree",
    "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "quotactl",
    # the machine itself
    "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "swapon", "swapoff", "acct", "syslog", "settimeofday",
    "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname",
    "iopl", "ioperm", "vhangup", "nfsservctl",
    # what outlives a process and belongs to no folder
    "msgget", "semget", "mq_open", "shmget",
    "ioprio_set",
)  # fmt: skip
#: Done nowhere, and said to have been done: Landlock does not keep them to a folder, and
#: well-meaning functions such as shutil.copy call them.
IGNORED = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat",
    "utime", "utimes", "futimesat", "utimensat",
)  # fmt: skip
#: Not supported, as on a file system without attributes.
UNSUPPORTED = (
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
    "setxattrat", "removexattrat", "file_setattr",
)  # fmt: skip
# Of fcntl: who gets a file's signals, and which. Of ioctl: a file's flags.
_SIGNALS_OF_FILES = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX
_FLAGS_OF_FILES = (0x40086602, 0x401C5820)  # FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR
_SHARED_ANONYMOUS = 0x21  # MAP_SHARED | MAP_ANONYMOUS
_DATAGRAM = 2  # SOCK_DGRAM
_KIND_OF_SOCKET = 0xF


def compile_filter(protected: Iterable[int], *, cuda: bool) -> bytes:
    """
    Return the filter as a program for the kernel.

    Args:
        protected: Processes and process groups that must get no signal.

        cuda: Whether the CUDA driver must work. It makes a local socket, and connects it
            nowhere, and memory without a path, which the watch cannot count.

    Raises:
        ImportError, RuntimeError: libseccomp is not installed.

        OSError: It refuses a rule.
    """
    import pyseccomp  # noqa: PLC0415 - looks for the library when it is imported

    refuse = pyseccomp.ERRNO(errno.EPERM)
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in (*REFUSED, *(() if cuda else ("memfd_create", "socket"))):
        _add(pyseccomp, rules, refuse, name)
    for name in IGNORED:
        _add(pyseccomp, rules, pyseccomp.ERRNO(0), name)
    for name in UNSUPPORTED:
        _add(pyseccomp, rules, pyseccomp.ERRNO(errno.ENOTSUP), name)
    _restrict_arguments(pyseccomp, rules, refuse, cuda=cuda)
    # No network, and no local service that answers on a socket; socketpair is free.
    # What names its receiver needs no connection.
    named = pyseccomp.Arg(4, pyseccomp.NE, 0)
    _add(pyseccomp, rules, refuse, "sendto", named)
    for name in (
        "sendmsg",
        "sendmmsg",
    ):  # the name is in memory: a filter cannot read it
        _add(pyseccomp, rules, refuse, name)
    if cuda:
        _add(pyseccomp, rules, refuse, "socket", pyseccomp.Arg(0, pyseccomp.NE, _UNIX))
        _add(pyseccomp, rules, pyseccomp.ERRNO(errno.ENOENT), "connect")
    # glibc falls back to clone, whose flags a filter can read; clone3's are in memory.
    _add(pyseccomp, rules, pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    for bit in range(_NEW_NAMESPACES.bit_length()):
        if _NEW_NAMESPACES & (flag := 1 << bit):
            masked = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag)
            _add(pyseccomp, rules, refuse, "clone", masked)
    # A worker must die with its server.
    death = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _INT_MASK, _PR_SET_PDEATHSIG)
    _add(pyseccomp, rules, refuse, "prctl", death)
    for number in {-1, *protected, *(-n for n in protected)}:
        target = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _INT_MASK, number & _INT_MASK)
        for name in ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"):
            _add(pyseccomp, rules, refuse, name, target)
    return _exported(rules)


def _restrict_arguments(library: Any, rules: Any, refuse: int, *, cuda: bool) -> None:
    """Refuse calls for some of their arguments alone."""

    def masked(place: int, value: int, mask: int = _INT_MASK) -> Any:
        return library.Arg(place, library.MASKED_EQ, mask, value)

    for command in _SIGNALS_OF_FILES:
        _add(library, rules, refuse, "fcntl", masked(1, command))
    for command in _FLAGS_OF_FILES:
        _add(library, rules, refuse, "ioctl", masked(1, command))
    # A datagram socket of a pair can send to any socket with a path.
    datagram = masked(1, _DATAGRAM, _KIND_OF_SOCKET)
    _add(library, rules, refuse, "socketpair", datagram)
    # The limits and priorities of other processes; 0 is the caller.
    others = library.Arg(0, library.NE, 0)
    _add(library, rules, refuse, "prlimit64", others)
    _add(library, rules, refuse, "setpriority", library.Arg(1, library.NE, 0))
    if cuda:
        return  # the driver shares memory and places its threads
    for name in ("affinity", "scheduler", "attr", "param"):
        _add(library, rules, refuse, f"sched_set{name}", others)
    shared = masked(3, _SHARED_ANONYMOUS, _SHARED_ANONYMOUS)
    _add(library, rules, refuse, "mmap", shared)


def install(program: bytes) -> None:
    """
    Load a filter for this process and all its heirs; ``no_new_privs`` must be set.

    Raises:
        OSError: The kernel refused.
    """

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    code = ctypes.create_string_buffer(program, len(program))
    header = Program(
        length=len(program) // _INSTRUCTION_BYTES, filter=ctypes.addressof(code)
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(header), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _add(library: Any, rules: Any, action: int, name: str, *args: Any) -> None:
    try:
        number = library.resolve_syscall(library.Arch.NATIVE, name)
    except (OSError, ValueError):
        return  # this architecture, or this libseccomp, has no such call
    if number >= 0:
        rules.add_rule(action, number, *args)


def _exported(rules: Any) -> bytes:
    handle = os.memfd_create("filter")
    with os.fdopen(handle, "r+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
