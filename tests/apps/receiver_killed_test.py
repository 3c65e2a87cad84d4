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
            # What was not begun when the session ended gets no line of its own.
            with Process("send", path, "-", __file__, __file__, stdin=subprocess.PIPE) as send:
                block = os.urandom(1 << 20)
                send.process.stdin.write(block)
                send.process.stdin.flush()
                recv.event("bound")
                recv.signal(signal.SIGKILL)
                recv.wait()
                send.wait(1)
                line = one_error_line(send.err)
                assert "3 of 3 messages not delivered" in line, line


if __name__ == "__main__":
    main()
