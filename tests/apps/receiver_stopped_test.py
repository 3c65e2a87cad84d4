"""The receiver is stopped in mid-transfer and goes on: nothing is lost, memory stays small."""
import os
import select
import signal
import subprocess

from harness import (Process, folder, is_sanitized, make_bytes, peak_memory_kib, read, receiver)

MEMORY_KIB_MAX = 24 * 1024


def feed_until_full(stream, blocks):
    """Writes until the pipe takes no more although it was given time."""
    descriptor = stream.fileno()
    os.set_blocking(descriptor, False)
    written = 0
    data = memoryview(b"".join(blocks))
    while written < len(data):
        # Full for two seconds: neither the program nor the network behind it takes any more.
        if not select.select([], [descriptor], [], 2)[1]:
            break
        try:
            written += os.write(descriptor, data[written:written + 65536])
        except BlockingIOError:
            continue
    return written


def main():
    data = make_bytes(40 * 1024 * 1024)
    with folder() as target:
        with receiver("--out", target, "--json", "--once", "--verbose") as recv:
            path = recv.event("listening")["path"]
            with Process("send", path, "-", stdin=subprocess.PIPE) as send:
                pipe = send.process.stdin
                pipe.write(data[:100])
                pipe.flush()
                recv.event("bound")
                recv.signal(signal.SIGSTOP)
                written = 100 + feed_until_full(pipe, [data[100:]])
                assert written < len(data), "it was never held up"
                if not is_sanitized():
                    assert peak_memory_kib(send.process.pid) < MEMORY_KIB_MAX
                recv.signal(signal.SIGCONT)
                os.set_blocking(pipe.fileno(), True)
                pipe.write(data[written:])
                pipe.close()
                message = recv.event("message", complete=True)
                send.wait(0)
            recv.wait(0)
            memory = next(line for line in recv.err if line.startswith("msrp: peak memory "))
            assert int(memory.split()[3]) < MEMORY_KIB_MAX or is_sanitized(), memory
            assert read(message["file"]) == data


if __name__ == "__main__":
    main()
