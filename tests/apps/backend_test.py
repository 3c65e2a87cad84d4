"""--backend: what is used, and what happens where io_uring is forbidden."""
import ctypes
import errno
import os
import struct
import subprocess

from harness import PROGRAM, available_backends, run

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
RET_ERRNO, RET_ALLOW = 0x00050000, 0x7FFF0000
IO_URING_SETUP = 425
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06


def forbid_uring():
    """In the child: io_uring_setup() fails with EPERM, as under a container's filter."""
    rules = ((LOAD_NUMBER, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, IO_URING_SETUP),
             (RETURN, 0, 0, RET_ERRNO | errno.EPERM), (RETURN, 0, 0, RET_ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        os._exit(101)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        os._exit(102)


def run_forbidden(*args):
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=60,
                          preexec_fn=forbid_uring, check=False)


def main():
    for name in available_backends():
        out, err = run("demo", "--size", "2MiB", "--backend", name, "--verbose")
        assert out.count("at both ends") == 2, out
        assert err.count(f"backend: {name}") == 2, err

    # Without a choice the next best is taken, and one line of each endpoint says why.
    done = run_forbidden("demo", "--size", "2MiB", "--verbose")
    assert done.returncode == 0 and done.stdout.count("at both ends") == 2, done
    why = "msrp: io_uring is not used: io_uring_setup: Operation not permitted"
    assert done.stderr.splitlines().count(why) == 2, done.stderr
    assert done.stderr.count("backend: epoll") == 2, done.stderr
    quiet = run_forbidden("demo", "--size", "1")
    assert quiet.returncode == 0 and quiet.stderr == "", quiet.stderr

    # What was asked for by name is used or refused.
    done = run_forbidden("demo", "--size", "1", "--backend", "uring")
    assert done.returncode == 1, done
    assert done.stderr.count("\n") == 1 and "Operation not permitted" in done.stderr, done.stderr
    assert "choose another --backend" in done.stderr, done.stderr


if __name__ == "__main__":
    main()
