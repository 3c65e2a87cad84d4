"""Nobody there, or somebody else: one clear line and status 1."""
import socket

from harness import Process, one_error_line, receiver, run


def main():
    # A port that was free a moment ago and that nobody listens on while we hold it.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        _, err = run("send", f"msrp://127.0.0.1:{port}/abcdefgh1234;tcp", "--text", "x", status=1)
        line = one_error_line(err)
        assert "Connection refused" in line and str(port) in line, line

    # R4975-5.4-17: a path that the receiver never gave out is answered with 481.
    with receiver() as recv:
        path = recv.path()
        wrong = path.replace(path.split("/")[-1], "someoneelse1234;tcp")
        _, err = run("send", wrong, "--text", "x", status=1)
        assert "481" in one_error_line(err), err
        # a stranger is refused with --from.
    with receiver("--from", "msrp://192.0.2.1:9/expected12345;tcp") as recv:
        _, err = run("send", recv.path(), "--text", "x", status=1)
        one_error_line(err)

    # A port that is taken.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with Process("recv", "--listen", where) as recv:
            recv.wait(1)
            line = one_error_line(recv.err)
            assert where in line and "in use" in line, line


if __name__ == "__main__":
    main()
