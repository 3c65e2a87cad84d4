"""Ctrl-C in mid-transfer: no partial file stays, the peer hears of it, status 1."""
import os
import signal
import subprocess
import time

from harness import Process, folder, one_error_line, receiver


def start(target, first=b"x" * 300_000):
    """A receiver and a sender in the middle of a stream."""
    recv = receiver("--out", target, "--json")
    path = recv.event("listening")["path"]
    send = Process("send", path, "-", "--json", stdin=subprocess.PIPE)
    send.process.stdin.write(first)
    send.process.stdin.flush()
    recv.event("bound")
    send.event("bound")
    deadline = time.monotonic() + 10
    while not os.listdir(target):  # the message has begun when there is a file for it
        assert time.monotonic() < deadline
        os.sched_yield()
    return recv, send


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        with folder() as target:
            recv, send = start(target)
            with recv, send:
                recv.signal(number)
                recv.wait(1)
                one_error_line(recv.err)
                assert os.listdir(target) == []
                begun = recv.event("message")
                assert begun["complete"] is False and begun["file"] is None, begun
                assert recv.event("failed")["reason"] == "interrupted"
                send.wait(1)
                one_error_line(send.err)
        with folder() as target:
            recv, send = start(target)
            with recv, send:
                send.signal(number)
                send.wait(1)
                one_error_line(send.err)
                # R4975-7.1-17: "#" says that the rest will not come.
                message = recv.event("message", complete=False)
                assert message["file"] is None
                recv.event("closed")
                assert os.listdir(target) == []
    # A sender that is killed: the receiver says what happened, and goes on.
    with folder() as target:
        recv, send = start(target)
        with recv, send:
            send.signal(signal.SIGKILL)
            reason = recv.event("failed")["reason"]
            assert reason == "the connection ended in the middle of it", reason
            assert reason in recv.line(stream="err")
            assert os.listdir(target) == []
    # Two endpoints that keep each other busy listen to it as well.
    with Process("demo", "--size", "1TiB", "--json") as demo:
        demo.event("bound")
        demo.signal(signal.SIGINT)
        demo.wait(1)
        one_error_line(demo.err)
    # Also while nobody is there yet.
    with receiver() as recv:
        recv.path()
        recv.signal(signal.SIGINT)
        recv.wait(1)
        one_error_line(recv.err)


if __name__ == "__main__":
    main()
