"""Files over TLS: who is believed and who is not, and that each side is told why."""
import json
import os
import signal
import subprocess

from certificates import (RECEIVER, RECEIVER_KEY, SENDER, SENDER_KEY, fingerprint_of, put)
from harness import (Process, folder, make_bytes, one_error_line, read, receiver, run, write)

DATA = make_bytes(700_000)


def send_error(*args):
    _, err = run("send", *args, status=1)
    return one_error_line(err)


def check_made_on_the_spot(there):
    # R4975-14.2-1, R4975-14.4-1, R6714-7.2-1: what the receiver prints is enough to be pasted.
    file = write(os.path.join(there, "file.bin"), DATA)
    with receiver("--tls", "--out", there) as recv:
        path, fingerprint = recv.path(), recv.line()
        assert path.startswith("msrps://") and fingerprint.startswith("sha-256 "), fingerprint
        out, err = run("send", path, file, "--peer-fingerprint", fingerprint, "--success-report")
        assert err == "" and "delivered: " in out, (out, err)
        assert read(os.path.join(there, "file (1).bin")) == DATA
    # R4975-14.4-6: another run is nobody that was known before.
    with receiver("--tls") as other:
        other.path()
        assert other.line() != fingerprint


def check_events():
    with receiver("--tls", "--once", "--json") as recv:
        listening = recv.event("listening")
        with Process("send", listening["path"], "--text", "hello", "--json", "--tls",
                     "--peer-fingerprint", listening["fingerprint"].lower()) as send:
            assert send.event("bound")["peer_verified"] is True
            send.wait(0)
        # Nothing was said of the sender's certificate.
        assert recv.event("bound")["peer_verified"] is False
        assert recv.event("text")["body"] == "hello"
        recv.wait(0)
    with receiver("--once", "--json") as recv:
        listening = recv.event("listening")
        assert "fingerprint" not in listening
        run("send", listening["path"], "--text", "hello")
        assert recv.event("bound")["peer_verified"] is False


def check_both_ways(there):
    # R4975-14.4-4, R8122-6.2-2: the receiver knows the sender, and refuses everybody else.
    mine = put(there, "receiver", RECEIVER, RECEIVER_KEY)
    theirs = put(there, "sender", SENDER, SENDER_KEY)
    known = ["--peer-fingerprint", fingerprint_of(RECEIVER)]
    with receiver("--tls", "--json", "--out", there, *mine, "--peer-fingerprint",
                  fingerprint_of(SENDER)) as recv:
        listening = recv.event("listening")
        assert listening["fingerprint"] == fingerprint_of(RECEIVER)
        for stranger in ([], put(there, "other", RECEIVER, RECEIVER_KEY)):
            send_error(listening["path"], "--text", "x", *known, *stranger)
            said = recv.line(stream="err")
            assert "turned away" in said and "certificate rejected" in said, said
        file = write(os.path.join(there, "both.bin"), DATA)
        with Process("send", listening["path"], file, "--json", *known, *theirs) as send:
            assert send.event("bound")["peer_verified"] is True
            send.wait(0)
        assert recv.event("bound")["peer_verified"] is True
        assert recv.event("message")["complete"] is True
        assert read(os.path.join(there, "both (1).bin")) == DATA


def check_by_name(there):
    # R4975-5.4-9, R4975-5.4-10: by issuer and name on the one side, by issuer on the other.
    mine = put(there, "receiver", RECEIVER, RECEIVER_KEY)
    theirs = put(there, "sender", SENDER, SENDER_KEY)
    with receiver("--tls", "--once", "--json", *mine, "--ca", theirs[1]) as recv:
        path = recv.event("listening")["path"]
        line = send_error(path, "--text", "x", "--ca", theirs[1], *theirs)
        assert "certificate verify failed" in line and "--peer-fingerprint" in line, line
        recv.line(stream="err")
        send_error(path, "--text", "x", "--ca", mine[1])  # a certificate that nobody issued
        assert "turned away" in recv.line(stream="err")
        with Process("send", path, "--text", "hello", "--json", "--ca", mine[1], *theirs) as send:
            assert send.event("bound")["peer_verified"] is True
            send.wait(0)
        assert recv.event("bound")["peer_verified"] is True
        recv.wait(0)
    # Its name is another one.
    with receiver("--tls", *put(there, "named", SENDER, SENDER_KEY)) as recv:
        line = send_error(recv.path(), "--text", "x", "--ca", theirs[1])
        assert "IP address mismatch" in line, line


def check_refused():
    with receiver("--tls") as recv:
        path, fingerprint = recv.path(), recv.line()
        # R4975-5.4-12: without a fingerprint the name counts, and nobody vouches for that one.
        line = send_error(path, "--text", "x")
        assert "self-signed" in line and "--peer-fingerprint" in line, line
        # R4975-14.4-4, R8122-6.2-1
        digits = fingerprint.removeprefix("sha-256 ")
        wrong = "sha-256 " + ("00" if digits[:2] != "00" else "01") + digits[2:]
        line = send_error(path, "--text", "x", "--peer-fingerprint", wrong)
        assert "certificate rejected" in line and "compare the fingerprint" in line, line
        # The hash function that counts is the strongest.
        line = send_error(path, "--text", "x", "--peer-fingerprint", fingerprint,
                          "--peer-fingerprint", "sha-512 " + ":".join(["00"] * 64))
        assert "certificate rejected" in line, line
        for _ in range(3):
            said = recv.line(stream="err")
            assert "turned away" in said and "alert" in said, said
        # R4975-5.4-8: in the clear nothing is taken.
        line = send_error(path.replace("msrps:", "msrp:"), "--text", "x")
        assert "msrps" in line, line
        assert "turned away" in recv.line(stream="err")
        # After all that it is there for who is right.
        run("send", path, "--text", "hello", "--peer-fingerprint", fingerprint)
        recv.line(lambda text: text == "hello")
    # And the reverse: TLS where none is spoken.
    with receiver() as recv:
        path = recv.path()
        line = send_error(path.replace("msrp:", "msrps:"), "--text", "x", "--peer-fingerprint",
                          fingerprint)
        assert "--tls" in line, line
        run("send", path, "--text", "hello")
        recv.line(lambda text: text == "hello")


def check_interrupted():
    for who in ("recv", "send", "killed"):
        with folder() as target, receiver("--tls", "--json", "--out", target) as recv:
            listening = recv.event("listening")
            with Process("send", listening["path"], "-", "--json", "--peer-fingerprint",
                         listening["fingerprint"], stdin=subprocess.PIPE) as send:
                send.process.stdin.write(DATA)
                send.process.stdin.flush()
                send.event("bound")
                recv.event("bound")
                while not os.listdir(target):
                    os.sched_yield()
                if who == "recv":
                    recv.signal(signal.SIGINT)
                    recv.wait(1)
                    one_error_line(recv.err)
                    send.wait(1)
                    one_error_line(send.err)
                else:
                    send.signal(signal.SIGINT if who == "send" else signal.SIGKILL)
                    if who == "send":
                        send.wait(1)
                        one_error_line(send.err)
                        assert recv.event("message")["complete"] is False
                    else:
                        # No close_notify came: it was cut.
                        assert recv.event("failed")["reason"]
                    recv.event("closed")
            assert os.listdir(target) == []


def check_files(there):
    own = put(there, "good", RECEIVER, RECEIVER_KEY)
    mixed = put(there, "mixed", RECEIVER, SENDER_KEY)
    empty = write(os.path.join(there, "empty.pem"), b"")
    for args in (mixed, ["--cert", empty, "--key", own[3]], ["--cert", own[1], "--key", own[1]],
                 ["--cert", "/nowhere/c.pem", "--key", own[3]], [*own, "--ca", own[3]],
                 [*own, "--ca", "/nowhere/ca.pem"]):
        out, err = run("recv", "--tls", "--listen", "127.0.0.1:0", *args, status=1)
        assert out == "" and one_error_line(err), err


def main():
    with folder() as there:
        check_made_on_the_spot(there)
        check_both_ways(there)
        check_by_name(there)
        check_files(there)
    check_events()
    check_refused()
    check_interrupted()
    # The demo's two ends know each other.
    out, _ = run("demo", "--tls", "--size", "1000", "--json")
    bounds = [json.loads(line) for line in out.splitlines() if '"bound"' in line]
    assert [each["peer_verified"] for each in bounds] == [True, True], bounds


if __name__ == "__main__":
    main()
