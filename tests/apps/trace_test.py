"""--trace x.jsonl: every chunk, and no secret in it unless asked for. What is true of each format:
a trace that cannot be written stops nothing, and one that is broken off can be read."""
import base64
import json
import os
import signal

from harness import folder, make_bytes, one_error_line, receiver, run
from trace_support import HOSTILE, Peer, lines_of, session_id, transfer

FORMATS = ("jsonl", "pcapng", "html")


def facts(line):
    """What both ends must say alike of one chunk."""
    return (line["kind"], line["tid"], line.get("method"), line.get("status"), line["flag"],
            line["body_bytes"], json.dumps(line["headers"]))


def check_plain(there):
    recv, send, path, own = transfer(there, "plain", "jsonl")
    recv, send = lines_of(recv), lines_of(send)
    for trace in (recv, send):
        text = json.dumps(trace)
        # R4975-3-2: whoever knows a session URI can take the session over.
        assert session_id(path) not in text and session_id(own) not in text
        assert "x" * len(session_id(path)) in text and "visible" not in text
        for line in trace:
            assert line["t"] >= 0 and line.get("t_end", line["t"]) >= line["t"], line
            if line["kind"] == "log":
                continue
            assert line["kind"] in ("connected", "request", "response", "closed"), line
            assert line["local"] and line["remote"], line
        assert trace[0]["kind"] == "connected" and trace[-1]["kind"] == "closed", trace
        assert trace[0]["accepted"] == (trace is recv)
        chunks = [line for line in trace if "tid" in line]
        assert {line["session"] for line in chunks} == {1}, chunks
    # What one side sent the other received, in that order.
    for sender, taker in ((send, recv), (recv, send)):
        sent = [facts(line) for line in sender if line.get("direction") == "sent"]
        received = [facts(line) for line in taker if line.get("direction") == "received"]
        assert sent and sent == received[:len(sent)], (sent, received)
    methods = {line.get("method") for line in recv}
    assert {"SEND", "REPORT"} <= methods, methods


def check_secrets_and_bodies(there):
    _, send, path, own = transfer(there, "secrets", "jsonl", "--trace-secrets", "--trace-body",
                                  "64")
    send = lines_of(send)
    text = json.dumps(send)
    assert session_id(path) in text and session_id(own) in text
    bodies = [line for line in send if line["direction"] == "sent" and line.get("body_bytes")]
    assert any(line.get("body") == "visible" and not line["body_cut"] for line in bodies)
    cut = next(line for line in bodies if line["body_bytes"] > 64)
    octets = (base64.b64decode(cut["body_base64"]) if "body_base64" in cut
              else cut["body"].encode())
    assert octets == make_bytes(10_000)[:64] and cut["body_cut"]

    file = os.path.join(there, "demo.jsonl")
    run("demo", "--size", "5000", "--trace", file)
    assert {line["endpoint"] for line in lines_of(file)} == {"a", "b"}
    _, err = run("demo", "--trace", os.path.join(there, "x.pcap"), status=2)
    for suffix in FORMATS:
        assert "." + suffix in one_error_line(err), err


def check_credentials(there):
    """Sessions of one connection are told apart, and what authenticates is hidden."""
    file = os.path.join(there, "peer.jsonl")
    with receiver("--out", there, "--json", "--trace", file) as recv:
        peer = Peer(recv.event("listening")["path"])
        peer.send("auth0001", b'Authorization: Digest username="alice", response="fedcba98"',
                  b'www-authenticate: Digest nonce="n0nce-n0nce"',
                  b'Authentication-Info: nextnonce="another"',
                  b"Use-Path: msrp://user:pw@relay.example:2855/relaysecret;tcp", body=HOSTILE)
        peer.answer("auth0001")
        peer.close()
        recv.event("closed")
        recv.signal(signal.SIGTERM)
        recv.wait(1)
    text = json.dumps(lines_of(file))
    for secret in ("alice", "fedcba98", "n0nce", "another", "relaysecret", "user", "pw@",
                   "peersecret"):
        assert secret not in text, secret
    # The rest of such a header stays.
    assert "relay.example:2855/xxxxxxxxxxx;tcp" in text, text
    assert "Authorization" in text and "www-authenticate" in text


def check_unwritable(there):
    """A transfer goes on without its trace, which is said in one line."""
    for suffix in FORMATS:
        full = os.path.join(there, f"full.{suffix}")
        os.symlink("/dev/full", full)
        for file, reason in ((full, "No space left"),
                             (f"/nowhere/t.{suffix}", "No such file")):
            out, err = run("demo", "--size", "100000", "--trace", file, status=1)
            assert out.count("at both ends") == 2, out
            line = one_error_line(err)
            assert "trace" in line and reason in line, line


def check_broken_off(there):
    """Killed in mid-chunk: all that was traced until then can be read."""
    for suffix in FORMATS:
        file = os.path.join(there, f"killed.{suffix}")
        with receiver("--out", there, "--json", "--trace", file) as recv:
            peer = Peer(recv.event("listening")["path"])
            peer.answer("bind0001")
            recv.event("bound")
            recv.signal(signal.SIGKILL)
            recv.wait()
            peer.close()
        with open(file, "rb") as stream:
            octets = stream.read()
        assert b"bind0001" in octets, suffix
        if suffix == "jsonl":
            lines = lines_of(file)
            assert [line["kind"] for line in lines][:3] == ["connected", "request", "response"]
    # A chunk whose end never came is there as well.
    file = os.path.join(there, "half.jsonl")
    with receiver("--out", there, "--json", "--trace", file) as recv:
        peer = Peer(recv.event("listening")["path"])
        peer.answer("bind0001")
        peer.raw(peer.head("half0001", "SEND", b"Message-ID: half", b"Byte-Range: 1-*/500",
                           b"Content-Type: text/plain") + b"\r\n" + b"x" * 300)
        recv.event("bound")
        peer.close()
        recv.event("message", complete=False)
        recv.event("closed")
        recv.signal(signal.SIGTERM)
        recv.wait(1)
    lines = lines_of(file)
    assert [line["kind"] for line in lines[-2:]] == ["request", "closed"], lines
    assert lines[-2]["flag"] is None and 0 < lines[-2]["body_bytes"] <= 300, lines[-2]


def main():
    for check in (check_plain, check_secrets_and_bodies, check_credentials, check_unwritable,
                  check_broken_off):
        with folder() as there:
            check(there)


if __name__ == "__main__":
    main()
