"""Runs the msrp command for the tests: processes, their lines and events, folders that vanish.

Nothing here sleeps: a test waits for a line, an event or an end, each with a generous deadline.
"""
import contextlib
import hashlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.environ.get("MSRP", "msrp")
BACKEND = os.environ.get("MSRP_TEST_BACKEND")  # one for all, instead of the default
# Where the system forbids io_uring the default is another, unless the tests must have it.
NEEDS_URING = "MSRP_TESTS_NEED_URING" in os.environ
PATIENCE = float(os.environ.get("MSRP_TEST_PATIENCE", "60"))


def arguments(args):
    if BACKEND and args and args[0] in ("demo", "send", "recv") and "--backend" not in args:
        return [args[0], "--backend", BACKEND, *args[1:]]
    return list(args)


class Process:
    """A running msrp command. Its lines are read by threads, so that it never blocks on us."""

    def __init__(self, *args, cwd=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        self.args = args
        self.process = subprocess.Popen([PROGRAM, *arguments(args)], cwd=cwd, stdin=stdin,
                                        stdout=stdout, stderr=subprocess.PIPE)
        self.out, self.err = [], []
        self._queues = {}
        self._threads = []
        for name, stream, lines in (("out", self.process.stdout, self.out),
                                    ("err", self.process.stderr, self.err)):
            if stream is None:
                continue
            self._queues[name] = queue.Queue()
            thread = threading.Thread(target=self._read, args=(name, stream, lines), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _read(self, name, stream, lines):
        for line in stream:
            text = line.decode("utf-8")  # whatever the peer sent, our lines are UTF-8
            text = text[:-1] if text.endswith("\n") else text
            lines.append(text)
            self._queues[name].put(text)
        self._queues[name].put(None)

    def line(self, wanted=lambda line: True, stream="out"):
        """The next line that is wanted."""
        deadline = time.monotonic() + PATIENCE
        while True:
            left = deadline - time.monotonic()
            try:
                line = self._queues[stream].get(timeout=max(left, 0))
            except queue.Empty:
                self.fail("no such line in time")
            if line is None:
                self._queues[stream].put(None)
                self.fail("ended before such a line")
            if wanted(line):
                return line

    def event(self, name, stream="out", **fields):
        """The next event of that name whose fields are as given."""
        def wanted(line):
            event = json.loads(line)
            return event["event"] == name and all(event[k] == v for k, v in fields.items())
        return json.loads(self.line(wanted, stream))

    def path(self):
        return self.line(lambda line: line.startswith(("msrp://", "msrps://")))

    def events(self):
        return [json.loads(line) for line in self.out]

    def wait(self, status=None):
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.fail("does not end")
        for thread in self._threads:
            thread.join(PATIENCE)
        if status is not None and self.process.returncode != status:
            self.fail(f"status {self.process.returncode}, not {status}")
        return self.process.returncode

    def signal(self, number):
        self.process.send_signal(number)

    def fail(self, why):
        out = "\n".join(self.out[-20:])
        err = "\n".join(self.err[-20:])
        raise AssertionError(f"msrp {' '.join(self.args)}: {why}\n--- out\n{out}\n--- err\n{err}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def run(*args, stdin=b"", status=0, cwd=None):
    """Runs a command to its end; returns its output and its errors."""
    try:
        done = subprocess.run([PROGRAM, *arguments(args)], input=stdin, cwd=cwd,
                              capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"msrp {' '.join(args)[:200]}: does not end\n"
                             f"{(late.stdout or b'')[-500:]}\n{late.stderr}") from None
    out, err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    assert done.returncode == status, (
        f"msrp {' '.join(args)[:200]}: status {done.returncode}, not {status}\n"
        f"{out[-2000:]}\n{err[-2000:]}")
    return out, err


def available_backends():
    """Of those that run on every kind of socket; io_uring may be forbidden, and that is said."""
    done = subprocess.run([PROGRAM, "demo", "--size", "1", "--backend", "uring"],
                          capture_output=True, timeout=PATIENCE, check=False)
    if done.returncode == 0 or NEEDS_URING:
        return ["uring", "epoll"]
    print("not tested here:", done.stderr.decode("utf-8"), file=sys.stderr)
    return ["epoll"]


def receiver(*args, cwd=None):
    return Process("recv", "--listen", "127.0.0.1:0", *args, cwd=cwd)


def one_error_line(err):
    """`msrp: what happened: what to do`, once."""
    lines = [line for line in err if line] if isinstance(err, list) else err.splitlines()
    assert len(lines) == 1, f"not one line: {lines}"
    assert lines[0].startswith("msrp: ") and lines[0].count(": ") >= 2, lines[0]
    return lines[0]


def folder():
    return tempfile.TemporaryDirectory(prefix="msrp-test-")


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def make_bytes(count, seed=1):
    """Bytes that look random and are the same each time."""
    return hashlib.shake_256(str(seed).encode()).digest(count)


def peak_memory_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise AssertionError("no VmHWM")


def is_sanitized():
    """Sanitizers need much memory of their own."""
    return "MSRP_SANITIZED" in os.environ
