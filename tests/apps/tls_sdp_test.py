"""--sdp with --tls: the fingerprints travel in the descriptions, and count at both ends."""
import contextlib
import os
import signal
import subprocess

from certificates import RECEIVER, RECEIVER_KEY, SENDER, SENDER_KEY, fingerprint_of, put
from harness import Process, folder, make_bytes, one_error_line, read, write

DATA = make_bytes(300_000)


def description(process):
    """Its own, as it is printed."""
    lines = []
    while not lines or lines[-1] != "\r":
        lines.append(process.line())
    return [line.rstrip("\r") for line in lines]


def tell(process, lines):
    process.process.stdin.write("".join(line + "\r\n" for line in lines).encode())
    process.process.stdin.flush()


@contextlib.contextmanager
def pair(file, target, recv_args=("--tls",), send_args=("--tls",)):
    with Process("recv", "--sdp", "--json", "--out", target, *recv_args,
                 stdin=subprocess.PIPE) as recv, \
            Process("send", "--sdp", "--json", *send_args, file, stdin=subprocess.PIPE) as send:
        yield recv, send


def exchange(recv, send, recv_hears=lambda lines: lines, send_hears=lambda lines: lines):
    """Each hears what the other says, changed on the way."""
    of_recv, of_send = description(recv), description(send)
    # Both at the same time: the peer may come before its description does.
    tell(send, send_hears(of_recv))
    tell(recv, recv_hears(of_send))
    return of_recv, of_send


def value_of(lines, prefix):
    return next(line.removeprefix(prefix) for line in lines if line.startswith(prefix))


def without(prefix):
    return lambda lines: [line for line in lines if not line.startswith(prefix)]


def replaced(old, new):
    return lambda lines: [line.replace(old, new) for line in lines]


def other_fingerprint(lines):
    return [line.replace("sha-256 ", "sha-256 00:")[:-3] if line.startswith("a=fingerprint:")
            else line for line in lines]


def check_roles(there, file):
    # R6135-4.3-1, R6135-4.3-2, R4975-14.4-3, R8122-5-2: whoever connects is TLS client, both say
    # their fingerprint, and both know the other by it.
    pairs = [("passive", "active"), ("active", "passive"), ("actpass", "actpass"),
             ("active", "active")]
    for recv_setup, send_setup in pairs:
        target = os.path.join(there, f"{recv_setup}-{send_setup}")
        os.mkdir(target)
        with pair(file, target, ["--tls", "--setup", recv_setup],
                  ["--tls", "--setup", send_setup]) as (recv, send):
            for lines in exchange(recv, send):
                port = value_of(lines, "m=message ").split()[0]
                assert value_of(lines, "m=message ") == f"{port} TCP/TLS/MSRP *", lines
                assert value_of(lines, "a=path:").startswith(f"msrps://127.0.0.1:{port}/"), lines
                print_ = value_of(lines, "a=fingerprint:")
                assert print_.startswith("sha-256 ") and len(print_) == 8 + 95, print_
            assert send.event("bound")["peer_verified"] is True
            assert recv.event("bound")["peer_verified"] is True
            send.wait(0)
            recv.wait(0)
        assert read(os.path.join(target, os.path.basename(file))) == DATA


def check_own_certificates(there, file):
    # The certificate that is known otherwise counts, whatever the description says (R6714-7.6-1,
    # R6714-7.7-1, R6714-7.7-2); and it is the one that is described.
    recv_args = ["--tls", *put(there, "receiver", RECEIVER, RECEIVER_KEY)]
    send_args = ["--tls", *put(there, "sender", SENDER, SENDER_KEY)]
    with pair(file, there, [*recv_args, "--peer-fingerprint", fingerprint_of(SENDER)],
              [*send_args, "--peer-fingerprint", fingerprint_of(RECEIVER)]) as (recv, send):
        of_recv, of_send = exchange(recv, send)
        assert value_of(of_recv, "a=fingerprint:") == fingerprint_of(RECEIVER)
        assert value_of(of_send, "a=fingerprint:") == fingerprint_of(SENDER)
        send.wait(0)
        recv.wait(0)
    for setup, other in (("passive", "active"), ("active", "passive")):
        with pair(file, there, [*recv_args, "--setup", setup],
                  ["--tls", "--setup", other, "--peer-fingerprint",
                   fingerprint_of(SENDER)]) as (recv, send):
            exchange(recv, send)
            # Who waits turns a stranger away and goes on waiting: anybody may connect.
            line = send.line(stream="err")
            assert "certificate rejected" in line, line
            if other == "active":
                send.wait(1)
            else:
                recv.wait(1)
                send.signal(signal.SIGINT)


def check_wrong(there, file):
    # R4975-14.4-4, R8122-6.2-1, R8122-6.2-2, R8122-6.2-3: either side may be the one that is lied
    # to, and either role.
    for setup, other in (("passive", "active"), ("active", "passive")):
        roles = ["--tls", "--setup", setup], ["--tls", "--setup", other]
        with pair(file, there, *roles) as (recv, send):
            exchange(recv, send, recv_hears=other_fingerprint)
            recv.wait(1)
            line = one_error_line(recv.err)
            assert "certificate" in line, line
            said = send.line(stream="err")
            if other == "passive":
                assert "turned away" in said, said
                send.signal(signal.SIGINT)  # it waits for the right one
            send.wait(1)
            assert not any('"bound"' in text for text in recv.out), recv.out
        with pair(file, there, *roles) as (recv, send):
            exchange(recv, send, send_hears=other_fingerprint)
            send.wait(1)
            line = one_error_line([send.err[-1]])
            assert "certificate" in line, line
            assert not any('"bound"' in text for text in send.out), send.out


def check_missing(there, file):
    def said_by(process):
        process.wait(1)
        return one_error_line(process.err)

    # R8122-5-4: nothing but a weak one, or none at all.
    weak = replaced("a=fingerprint:sha-256 ", "a=fingerprint:x-weak ")
    with pair(file, there) as (recv, send):
        exchange(recv, send, recv_hears=weak, send_hears=weak)
        for each in (recv, send):
            line = said_by(each)
            assert "no fingerprint of SHA-256 or stronger" in line, line
    with pair(file, there) as (recv, send):
        exchange(recv, send, without("a=fingerprint"), without("a=fingerprint"))
        line = said_by(recv)  # it waits, and nobody vouches for who may come
        assert "has no fingerprint" in line and "--ca" in line, line
        send.wait(1)
    with pair(file, there) as (recv, send):
        exchange(recv, send, send_hears=without("a=fingerprint"))
        send.wait(1)  # R4975-5.4-12: the name counts then
        line = one_error_line([send.err[-1]])
        assert "certificate verify failed" in line, line
    # TLS on one side alone.
    with pair(file, there, (), ("--tls",)) as (recv, send):
        exchange(recv, send)
        for each in (recv, send):
            line = said_by(each)
            assert "--tls" in line, line


def check_known_peers(there, file):
    # R8122-7-1, R6714-7.7-3, R6714-7.7-4: who was met once is known again, and another one in its
    # place is said, whatever the descriptions say.
    known = os.path.join(there, "known")
    send_args = ["--tls", "--known-peers", known]

    def said_of(certificate, key):
        recv_args = ["--tls", *put(there, "receiver", certificate, key)]
        with pair(file, there, recv_args, send_args) as (recv, send):
            exchange(recv, send)
            send.wait(0)
            recv.wait(0)
            return send.err

    first = one_error_line(said_of(RECEIVER, RECEIVER_KEY))
    assert "never met" in first and fingerprint_of(RECEIVER) in first, first
    remembered = read(known)
    assert remembered.decode() == f"127.0.0.1 {fingerprint_of(RECEIVER)}\n", remembered
    assert said_of(RECEIVER, RECEIVER_KEY) == []
    for _ in range(2):
        changed = one_error_line(said_of(SENDER, SENDER_KEY))
        assert "WARNING" in changed and fingerprint_of(SENDER) in changed, changed
    assert said_of(RECEIVER, RECEIVER_KEY) == []
    assert read(known) == remembered
    write(known, b"nonsense\n")
    with pair(file, there, ["--tls"], send_args) as (recv, send):
        exchange(recv, send)
        send.wait(1)
        assert "line 1" in one_error_line(send.err)


def main():
    with folder() as there:
        file = write(os.path.join(there, "file.bin"), DATA)
        check_roles(there, file)
        check_own_certificates(there, file)
        check_wrong(there, file)
        check_missing(there, file)
        check_known_peers(there, file)


if __name__ == "__main__":
    main()
