"""SIGHUP: recv reads its certificate again, and nobody is dropped."""
import os
import signal
import subprocess

from certificates import RECEIVER, RECEIVER_KEY, SENDER, SENDER_KEY, fingerprint_of, put
from harness import Process, folder, make_bytes, one_error_line, read, receiver, run, write

DATA = make_bytes(400_000)


def main():
    with folder() as there, folder() as target:
        own = put(there, "own", RECEIVER, RECEIVER_KEY)
        with receiver("--tls", "--json", "--out", target, *own) as recv:
            listening = recv.event("listening")
            assert listening["fingerprint"] == fingerprint_of(RECEIVER)
            with Process("send", listening["path"], "-", "--json", "--success-report",
                         "--peer-fingerprint", fingerprint_of(RECEIVER),
                         stdin=subprocess.PIPE) as send:
                send.process.stdin.write(DATA[:200_000])
                send.process.stdin.flush()
                send.event("bound")
                before = recv.event("listening")  # a fresh path
                assert before["fingerprint"] == fingerprint_of(RECEIVER)

                put(there, "own", SENDER, SENDER_KEY)
                recv.signal(signal.SIGHUP)
                after = recv.event("listening")
                assert after["path"] == before["path"]
                assert after["fingerprint"] == fingerprint_of(SENDER)

                # Who comes now meets the new one, by either fingerprint.
                _, err = run("send", after["path"], "--text", "x", "--peer-fingerprint",
                             fingerprint_of(RECEIVER), status=1)
                assert "certificate rejected" in one_error_line(err), err
                run("send", after["path"], "--text", "new", "--peer-fingerprint",
                    fingerprint_of(SENDER))
                waiting = recv.event("listening")
                assert recv.event("text")["body"] == "new"

                # What cannot be used changes nothing.
                write(own[3], b"no key")
                recv.signal(signal.SIGHUP)
                recv.line(lambda line: "cannot use the certificate" in line, stream="err")
                run("send", waiting["path"], "--text", "still", "--peer-fingerprint",
                    fingerprint_of(SENDER))
                assert recv.event("text")["body"] == "still"

                # The session that was there before all that goes on to its end.
                send.process.stdin.write(DATA[200_000:])
                send.process.stdin.close()
                send.wait(0)
                message = recv.event("message", bytes=len(DATA))
                assert message["complete"] is True, message
                assert read(message["file"]) == DATA
            recv.signal(signal.SIGTERM)
            recv.wait(1)


if __name__ == "__main__":
    main()
