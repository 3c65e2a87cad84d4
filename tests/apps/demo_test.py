"""msrp demo: a transfer both ways, equal digests, a short summary."""
import json
import os

from harness import (BACKEND, NEEDS_URING, Process, folder, is_sanitized, make_bytes,
                     one_error_line, run, sha256, write)


def main():
    out, err = run("demo", "--size", "10MiB")
    assert err == "", err
    assert out.count("at both ends") == 2 and "peak memory" in out, out
    out, err = run("demo", "--size", "10MiB", "--tls")
    assert err == "", err
    assert out.count("at both ends") == 2 and "chunks over TLS" in out, out
    out, _ = run("demo", "--size", "0")
    assert out.count("at both ends") == 2, out
    data = make_bytes(1_000_000)
    with folder() as there:
        file = write(os.path.join(there, "f"), data)
        out, err = run("demo", "--file", file, "--json", "--verbose")
        usual = "backend: uring" in err or (not NEEDS_URING and "io_uring is not used" in err)
        assert f"backend: {BACKEND}" in err if BACKEND else usual, err
        events = [json.loads(line) for line in out.splitlines()]
        messages = [event for event in events if event["event"] == "message"]
        assert [message["sha256"] for message in messages] == [sha256(data)] * 2
        assert all(message["complete"] for message in messages)
        assert events[-1]["event"] == "summary" and events[-1]["bytes_in"] == 2 * len(data)
    # What nobody could read is no success, and is said.
    with open("/dev/full", "wb") as full, Process("demo", "--size", "1", stdout=full) as demo:
        demo.wait(1)
        assert "standard output" in one_error_line(demo.err), demo.err
    if not is_sanitized():
        out, _ = run("demo", "--size", "200M")
        memory = out.split("peak memory ")[1].split()
        assert memory[1] == "MiB" and float(memory[0]) < 24, memory


if __name__ == "__main__":
    main()
