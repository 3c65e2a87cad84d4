"""Transfers that the tests of --trace look at."""
import json
import os
import socket

from harness import PATIENCE, Process, make_bytes, receiver, write

# What would end a script, a comment or a string, or is no UTF-8, in a page.
HOSTILE = (b"</script><script>document.title='broken out'</script><!-- --><![CDATA[ ]]> "
           b"\"'&lt;&#60; \\u003c \xe2\x80\xae \xe2\x80\xa8 \xff\xfe \x00 \x1b[31m")
SENT_BYTES = 10_000


def session_id(path):
    return path.split("/")[-1].split(";")[0]


def transfer(there, name, suffix, *options, size=SENT_BYTES):
    """Returns both sides' traces and paths; a text and a file of that many octets went over."""
    files = [os.path.join(there, f"{name}-{side}.{suffix}") for side in ("recv", "send")]
    body = write(os.path.join(there, "body"), make_bytes(size))
    with receiver("--out", there, "--once", "--json", "--trace", files[0], *options) as recv:
        path = recv.event("listening")["path"]
        with Process("send", path, "--json", "--success-report", "--text", "visible", body,
                     "--trace", files[1], *options) as send:
            send.wait(0)
            own = next(event["local"] for event in send.events() if event["event"] == "bound")
        recv.wait(0)
    return files[0], files[1], path, own


def lines_of(file):
    with open(file, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


class Peer:
    """A peer that says what it is told."""

    def __init__(self, path):
        host, port = path.split("/")[2].rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), PATIENCE)
        self.path = f"msrp://127.0.0.1:{self.socket.getsockname()[1]}/peersecret1234;tcp"
        self.to = path
        self.read = b""
        self.send("bind0001")

    def head(self, tid, method="SEND", *lines):
        fixed = [f"MSRP {tid} {method}", f"To-Path: {self.to}", f"From-Path: {self.path}"]
        return b"".join(line + b"\r\n" for line in [*(text.encode() for text in fixed), *lines])

    def send(self, tid, *lines, body=None, message_id="peer-message"):
        octets = self.head(tid, "SEND", f"Message-ID: {message_id}".encode(), *lines)
        if body is not None:
            octets += b"Content-Type: text/plain\r\n\r\n" + body + b"\r\n"
        self.raw(octets + f"-------{tid}$\r\n".encode())

    def raw(self, octets):
        self.socket.sendall(octets)

    def answer(self, tid):
        """The status of the response."""
        while f"-------{tid}$".encode() not in self.read:
            octets = self.socket.recv(65536)
            assert octets, f"closed before the answer to {tid}: {self.read}"
            self.read += octets
        return self.read.split(f"MSRP {tid} ".encode())[1][:3].decode()

    def close(self):
        self.socket.close()
