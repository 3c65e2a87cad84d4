"""--failure-report yes, partial and no, each with and without --success-report."""
import os

from harness import Process, folder, make_bytes, read, receiver, write


def main():
    # R4975-7.1.1: what Failure-Report asks for decides what is waited for.
    with folder() as source, folder() as target:
        data = make_bytes(100_000)
        file = write(os.path.join(source, "f"), data)
        for number, which in enumerate(["yes", "partial", "no"]):
            for reports in ([], ["--success-report"]):
                with receiver("--out", target, "--once") as recv:
                    with Process("send", recv.path(), "--json", "--failure-report", which,
                                 *reports, file) as send:
                        send.wait(0)
                        names = [event["event"] for event in send.events()]
                        assert ("delivered" in names) == (which == "yes"), names
                        assert ("report" in names) == bool(reports), names
                        assert "failed" not in names, names
                    recv.wait(0)
            assert len(os.listdir(target)) == 2 * (number + 1)
        for name in os.listdir(target):
            assert read(os.path.join(target, name)) == data


if __name__ == "__main__":
    main()
