"""Wrong usage: one line on standard error, nothing on standard output, status 2. Help: status 0."""
import os

from harness import folder, one_error_line, run, write

PATH = "msrp://127.0.0.1:2855/abcdefgh1234;tcp"
SECURE = "msrps://127.0.0.1:2855/abcdefgh1234;tcp"
WRONG = [
    [],
    ["nonsense"],
    ["send"],
    ["send", PATH],
    ["send", "not-a-path", "--text", "x"],
    ["send", "http://example.com/", "--text", "x"],
    ["send", "msrp://127.0.0.1:99999/abc;tcp", "--text", "x"],
    ["send", "msrp://127.0.0.1:2855/abc", "--text", "x"],
    ["send", "msrp://127.0.0.1:2855/abcdefgh1234;sctp", "--text", "x"],
    ["send", PATH, "--text", "x", "--peer-fingerprint", "sha-256 " + ":".join(["AB"] * 32)],
    ["send", SECURE, "--text", "x", "--peer-fingerprint", "AB:CD"],
    ["send", SECURE, "--text", "x", "--peer-fingerprint", "sha-1 " + ":".join(["AB"] * 20)],
    ["send", SECURE, "--text", "x", "--peer-fingerprint", "sha-256 AB:CD"],
    ["send", SECURE, "--text", "x", "--cert", "own.pem"],
    ["recv", "--tls", "--key", "own.pem"],
    ["recv", "--cert", "own.pem", "--key", "own.pem"],
    ["recv", "--ca", "ca.pem"],
    ["recv", "--tls", "--known-peers", "known"],
    ["recv", "--sdp", "--known-peers", "known"],
    ["send", PATH, "--text", "x", "--tls"],
    ["send", PATH, "--text", "x", "--failure-report", "perhaps"],
    ["send", PATH, "--text", "x", "--chunk", "100"],
    ["send", PATH, "--text", "x", "--content-type", "nonsense"],
    ["send", PATH, "--text", "x", "--trace", "trace.pcap"],
    ["send", PATH, "--text", "x", "--trace-secrets"],
    ["send", PATH, "--text", "x", "--setup", "passive"],
    ["send", PATH, "--text", "x", "--backend", "carrier-pigeon"],
    ["send", PATH, "-", "-"],
    ["recv", "--listen", "2855"],
    ["recv", "--listen", "127.0.0.1:port"],
    ["recv", "--listen", "127.0.0.1:70000"],
    ["recv", "--listen", "::1:2855"],
    ["recv", "--listen", "0.0.0.0:0"],
    ["recv", "--from", "nobody"],
    ["recv", "--sdp", "--from", PATH],
    ["recv", "--relay"],
    ["decode", "--split", "0"],
    ["decode", "--split", "3", "--split-each"],
    ["sim", "--seed", "x"],
    ["sim", "--seeds", "5"],
    ["sim", "--seeds", "5-4"],
    ["sim", "--seeds", "1-2-3"],
    ["sim", "--seeds", "1-9", "--seed", "1"],
    ["sim", "--seeds", "1-9", "--trace"],
    ["sim", "--trace"],
    ["sim", "--seed", "1", "--trace", "everything"],
    ["sim", "--seeds", "1-9", "--html", "x.html"],
    ["sim", "--html", "x.html"],
    ["sim", "--seed", "1", "--html"],
    ["sim", "--seeds", "1-9", "--jobs", "0"],
    ["sim", "--jobs", "2"],
    ["demo", "--size", "many"],
    ["demo", "--size", "-1"],
    ["demo", "--size", "1", "--file", "x"],
]


def main():
    for args in WRONG:
        out, err = run(*args, status=2)
        assert out == "", (args, out)
        one_error_line(err)
    assert "'nonsense'" in run("nonsense", status=2)[1]
    out, _ = run("--help")
    for command in ("demo", "recv", "send", "decode", "bench"):
        assert command in out
        text, err = run(command, "--help")
        assert err == "" and "--help" in text, command
    out, _ = run("--version")
    assert out.startswith("msrp "), out
    # What goes wrong later is no wrong usage.
    for args in (["send", PATH, "/nowhere/file"], ["decode", "/nowhere/file"],
                 ["demo", "--file", "/nowhere/file"], ["recv", "--out", "/nowhere/folder"]):
        _, err = run(*args, status=1)
        one_error_line(err)
    with folder() as there:
        file = write(os.path.join(there, "f"), b"x")
        _, err = run("recv", "--out", file, status=1)
        one_error_line(err)
        _, err = run("demo", "--trace", "/nowhere/t.jsonl", status=1)
        one_error_line(err)


if __name__ == "__main__":
    main()
