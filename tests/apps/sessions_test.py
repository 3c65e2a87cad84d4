"""recv without --once serves one session after the other, and several at the same time."""
import subprocess

from harness import Process, folder, read, receiver, run


def main():
    with folder() as target:
        with receiver("--out", target, "--json") as recv:
            paths = [recv.event("listening")["path"]]
            streams = []
            for number in range(5):
                stream = Process("send", paths[-1], "-", stdin=subprocess.PIPE)
                stream.process.stdin.write(f"stream {number}".encode())
                stream.process.stdin.flush()
                streams.append(stream)
                recv.event("bound", local=paths[-1])
                paths.append(recv.event("listening")["path"])
            assert len(set(paths)) == len(paths)
            for stream in reversed(streams):
                stream.process.stdin.close()
                with stream:
                    stream.wait(0)
            bodies = sorted(read(recv.event("message", complete=True)["file"]) for _ in streams)
            assert bodies == [f"stream {number}".encode() for number in range(5)]
            # A path that was used up is not good for another session.
            run("send", paths[0], "--text", "x", status=1)
            run("send", paths[-1], "--text", "last")
            assert recv.event("text")["body"] == "last"


if __name__ == "__main__":
    main()
