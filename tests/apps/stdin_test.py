"""`send TO -`: a stream whose length nobody knows beforehand."""
import os
import subprocess

from harness import (PATIENCE, PROGRAM, Process, folder, make_bytes, one_error_line, read, receiver,
                     run)


def main():
    data = make_bytes(3_000_000)
    with folder() as target:
        with receiver("--out", target, "--once", "--json") as recv:
            out, _ = run("send", recv.event("listening")["path"], "-", "--content-type",
                         "application/x-stream", stdin=data)
            assert "delivered: standard input" in out
            message = recv.event("message", complete=True, bytes=len(data))
            recv.wait(0)
            assert message["content_type"] == "application/x-stream"
            # Without a name it is called after its Message-ID.
            assert message["message_id"] in os.path.basename(message["file"]), message
            assert read(message["file"]) == data
        # Piece by piece, as it comes.
        with receiver("--out", target, "--once", "--json") as recv:
            path = recv.event("listening")["path"]
            with Process("send", path, "-", stdin=subprocess.PIPE) as send:
                send.process.stdin.write(b"first")
                send.process.stdin.flush()
                recv.event("bound")
                send.process.stdin.write(b"second")
                send.process.stdin.close()
                send.wait(0)
            message = recv.event("message", complete=True)
            assert read(message["file"]) == b"firstsecond"
            recv.wait(0)
        # Nothing at all is an empty message.
        with receiver("--out", target, "--once", "--json") as recv:
            run("send", recv.event("listening")["path"], "-")
            assert read(recv.event("message", complete=True, bytes=0)["file"]) == b""
            recv.wait(0)
        # Closed is not empty: its number is not given to a socket, to be read in its stead.
        with receiver("--out", target) as recv:
            closed = ["sh", "-c", 'exec "$@" <&-', "sh", PROGRAM, "send", recv.path(), "-"]
            done = subprocess.run(closed, capture_output=True, timeout=PATIENCE, check=False)
            assert done.returncode == 1, done
            assert "standard input" in one_error_line(done.stderr.decode()), done


if __name__ == "__main__":
    main()
