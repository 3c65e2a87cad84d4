"""--sdp: two commands whose standard streams are each other's signalling."""
import os
import subprocess
import sys

from harness import PATIENCE, PROGRAM, Process, folder, make_bytes, one_error_line, read, run, write

MINIMAL = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
           "m=message 9 TCP/MSRP *\r\na=accept-types:{types}\r\na=setup:{setup}\r\n"
           "a=path:msrp://127.0.0.1:9/aaaabbbbcccc;tcp\r\n")


def exchange(recv_setup, send_setup, file, target):
    """Crosses two pipes: each side's output is the other's input."""
    to_send, from_recv = os.pipe()
    to_recv, from_send = os.pipe()
    recv = subprocess.Popen([PROGRAM, "recv", "--sdp", "--out", target, *recv_setup],
                            stdin=to_recv, stdout=from_recv, stderr=subprocess.PIPE)
    send = subprocess.Popen([PROGRAM, "send", "--sdp", *send_setup, "--success-report", file],
                            stdin=to_send, stdout=from_send, stderr=subprocess.PIPE)
    for descriptor in (to_send, from_recv, to_recv, from_send):
        os.close(descriptor)
    try:
        _, send_err = send.communicate(timeout=PATIENCE)
        _, recv_err = recv.communicate(timeout=PATIENCE)
    finally:
        send.kill()
        recv.kill()
    return recv.returncode, send.returncode, recv_err.decode(), send_err.decode()


def attributes(lines):
    return dict(line[2:].split(":", 1) for line in lines if line.startswith("a="))


def check_description():
    # R4975-8.1-1..5, R4975-8.2-1, R4975-8.2-2, R4975-8.6-1, R6135-4.2.1-1,
    # R6135-4.2.2-1, A-29
    with Process("recv", "--sdp", "--json", "--setup", "actpass", stdin=subprocess.PIPE) as recv:
        lines = []
        while (line := recv.line()) != "\r":
            assert line.endswith("\r"), line
            lines.append(line[:-1])
        assert lines[0] == "v=0"
        media = next(line for line in lines if line.startswith("m="))
        port = media.split()[1]
        assert media == f"m=message {port} TCP/MSRP *" and int(port) > 0, media
        assert "c=IN IP4 127.0.0.1" in lines
        found = attributes(lines)
        assert found["setup"] == "actpass" and found["accept-types"] == "*", found
        assert found["path"].startswith(f"msrp://127.0.0.1:{port}/"), found
        # What is no description ends it.
        recv.process.stdin.write(b"hello\r\n\r\n")
        recv.process.stdin.close()
        recv.wait(1)
        one_error_line(recv.err)


def check_shown_at_once():
    # R4975-8.8-1: nobody is asked; all that the receiver is ever told is the peer's description.
    with Process("recv", "--sdp", stdin=subprocess.PIPE) as recv, \
            Process("send", "--sdp", "--setup", "active", "--text", "hello",
                    stdin=subprocess.PIPE) as send:
        for reader, writer in ((recv, send), (send, recv)):
            lines = []
            while not lines or lines[-1] != "\r":
                lines.append(reader.line())
            writer.process.stdin.write("".join(line + "\n" for line in lines).encode())
            writer.process.stdin.flush()
        assert recv.line() == "hello"
        send.wait(0)
        recv.wait(0)


def check_hostile():
    with folder() as there:
        file = write(os.path.join(there, "f"), b"x")
        refused = MINIMAL.format(setup="passive", types="*").replace("m=message 9", "m=message 0")
        for text in (b"", b"\r\n\r\n", b"v=0\r\n\r\n", b"\0" * 1000 + b"\n\n", refused.encode(),
                     MINIMAL.format(setup="sideways", types="*").encode(),
                     MINIMAL.format(setup="passive", types="@").encode(),
                     b"v=0\r\n" + b"a=x\r\n" * 20000):
            _, err = run("send", "--sdp", file, stdin=text, status=1)
            one_error_line(err)
        # The line and the attribute are named.
        broken = MINIMAL.format(setup="passive", types="*").replace("a=setup",
                                                                    "a=max-size:x\r\na=setup")
        _, err = run("send", "--sdp", file, stdin=broken.encode(), status=1)
        assert "line 8: a=max-size: not a number: " in one_error_line(err), err
        # R4975-8.6-11: a type that the peer does not take is not sent. It listens nowhere, so that
        # the session could not come about anyhow.
        _, err = run("recv", "--sdp", stdin=MINIMAL.format(setup="passive", types="*").encode(),
                     status=1)
        assert "both sides wait" in one_error_line(err)


def main():
    data = make_bytes(500_000)
    # Every pair of roles that can work does; R6135-4.2.2-9.
    pairs = [("passive", "active"), ("active", "passive"), ("actpass", "active"),
             ("active", "actpass"), ("actpass", "passive"), ("passive", "actpass"),
             ("actpass", "actpass"), ("active", "active"), (None, None)]
    with folder() as source:
        file = write(os.path.join(source, "file.bin"), data)
        for recv_setup, send_setup in pairs:
            with folder() as target:
                result = exchange(["--setup", recv_setup] if recv_setup else [],
                                  ["--setup", send_setup] if send_setup else [], file, target)
                assert result[:2] == (0, 0), (recv_setup, send_setup, result)
                assert read(os.path.join(target, "file.bin")) == data
        with folder() as target:
            recv, send, recv_err, send_err = exchange(["--setup", "passive"],
                                                      ["--setup", "passive"], file, target)
            assert (recv, send) == (1, 1)
            assert "both sides wait" in recv_err and "both sides wait" in send_err
            assert os.listdir(target) == []
    check_description()
    check_shown_at_once()
    check_hostile()


if __name__ == "__main__":
    sys.exit(main())
