"""File names: spaces, quotes, other scripts, and those that want to get out of the folder."""
import os
import socket

from harness import PATIENCE, folder, read, receiver, run, write

NAMES = ["with space", 'quote"s', "back\\slash", "grüße ☃ 文件", "semi;colon=x", "per%20cent",
         "a" * 200, "UPPER.TXT", "..x", "-n"]


def main():
    with folder() as source, folder() as outside:
        target = os.path.join(outside, "in")
        os.mkdir(target)
        paths = [write(os.path.join(source, name), name.encode()) for name in NAMES]
        with receiver("--out", target, "--once") as recv:
            run("send", recv.path(), *paths)
            recv.wait(0)
        contents = sorted(read(os.path.join(target, name)) for name in os.listdir(target))
        assert contents == sorted(name.encode() for name in NAMES)
        for name in ("with space", 'quote"s', "grüße ☃ 文件", "semi;colon=x", "UPPER.TXT"):
            assert read(os.path.join(target, name)) == name.encode(), os.listdir(target)
        assert not any(name.startswith(".") for name in os.listdir(target))

        # A name that is there already is never written over.
        again = os.path.join(source, "with space")
        for number in (1, 2):
            write(again, f"another {number}".encode())
            with receiver("--out", target, "--once") as recv:
                run("send", recv.path(), again)
                recv.wait(0)
            came = read(os.path.join(target, f"with space ({number})"))
            assert came == f"another {number}".encode()
        assert read(os.path.join(target, "with space")) == b"with space"

        # Names as no honest sender would write them.
        before = sorted(os.listdir(outside))
        for evil in ("../../evil", "/etc/evil", "..", "...", "a/../../b", "x\\..\\y", ".hidden",
                     ""):
            with receiver("--out", target, "--once", "--json") as recv:
                path = recv.event("listening")["path"]
                speak(path, evil)
                message = recv.event("message")
                recv.wait(0)
            name = message["file"]
            assert os.path.dirname(os.path.abspath(name)) == os.path.abspath(target), (evil, name)
            assert not os.path.basename(name).startswith("."), (evil, name)
            assert read(name) == b"evil", (evil, name)
            assert sorted(os.listdir(outside)) == before, evil


def speak(path, file_name):
    """Sends one message octet by octet as written here."""
    host, port = path.split("//")[1].split("/")[0].rsplit(":", 1)
    own = "msrp://127.0.0.1:9/abcdefgh1234;tcp"
    quoted = file_name.replace("\\", "\\\\").replace('"', '\\"')
    chunk = (f"MSRP evil1234 SEND\r\nTo-Path: {path}\r\nFrom-Path: {own}\r\n"
             f"Message-ID: m1m1m1m1\r\nByte-Range: 1-4/4\r\n"
             f'Content-Disposition: attachment; filename="{quoted}"\r\n'
             f"Content-Type: application/x-evil\r\n\r\nevil\r\n-------evil1234$\r\n").encode()
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(chunk)
        answer = b""
        while b"-------evil1234$" not in answer:
            more = connection.recv(4096)
            assert more, answer
            answer += more
        assert answer.startswith(b"MSRP evil1234 200 "), answer


if __name__ == "__main__":
    main()
