"""The receiver is killed in mid-transfer: the sender ends with one error line and status 1."""
import os
import signal
import subprocess

from harness import Process, folder, one_error_line, receiver


def main():
    # R4975-5.4-20: a connection that fails takes its session along.
    with folder() as target:
        with receiver("--out", target, "--json") as recv:
            path = recv.event("listening")["path"]
            with Process("send", path, "-", stdin=subprocess.PIPE) as send:
                block = os.urandom(1 << 20)
                send.process.stdin.write(block)
                send.process.stdin.flush()
                recv.event("bound")
                recv.signal(signal.SIGKILL)
                recv.wait()
                send.wait(1)
                line = one_error_line(send.err)
                assert "1 of 1 messages not delivered" in line, line


if __name__ == "__main__":
    main()
