"""--trace: every chunk, and no secret in it unless asked for."""
import base64
import json
import os

from harness import Process, folder, make_bytes, receiver, run, write


def lines_of(file):
    with open(file, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def transfer(there, name, *options):
    """Returns both sides' traces and paths."""
    files = [os.path.join(there, f"{name}-{side}.jsonl") for side in ("recv", "send")]
    body = write(os.path.join(there, "body"), make_bytes(10_000))
    with receiver("--out", there, "--once", "--json", "--trace", files[0], *options) as recv:
        path = recv.event("listening")["path"]
        with Process("send", path, "--json", "--success-report", "--text", "visible", body,
                     "--trace", files[1], *options) as send:
            send.wait(0)
            own = next(event["local"] for event in send.events() if event["event"] == "bound")
        recv.wait(0)
    return lines_of(files[0]), lines_of(files[1]), path, own


def session_id(path):
    return path.split("/")[-1].split(";")[0]


def facts(line):
    """What both ends must say alike of one chunk."""
    return (line["kind"], line["tid"], line.get("method"), line.get("status"), line["flag"],
            line["body_bytes"], json.dumps(line["headers"]))


def main():
    with folder() as there:
        recv, send, path, own = transfer(there, "plain")
        for trace in (recv, send):
            text = json.dumps(trace)
            # R4975-3-2: whoever knows a session URI can take the session over.
            assert session_id(path) not in text and session_id(own) not in text
            assert "***" in text and "visible" not in text
            times = [line["t"] for line in trace]
            assert all(time >= 0 for time in times)
            for line in trace:
                if line["kind"] == "log":
                    continue
                assert line["kind"] in ("connected", "request", "response"), line
                assert line["local"] and line["remote"], line
        # What one side sent the other received, in that order.
        for sender, taker in ((send, recv), (recv, send)):
            sent = [facts(line) for line in sender if line.get("direction") == "sent"]
            received = [facts(line) for line in taker if line.get("direction") == "received"]
            assert sent and sent == received[:len(sent)], (sent, received)
        methods = {line.get("method") for line in recv}
        assert {"SEND", "REPORT"} <= methods, methods

        recv, send, path, own = transfer(there, "secrets", "--trace-secrets", "--trace-body", "64")
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
        trace = lines_of(file)
        assert {line["endpoint"] for line in trace} == {"a", "b"}
        _, err = run("demo", "--trace", os.path.join(there, "x.pcapng"), status=2)
        assert ".jsonl" in err, err


if __name__ == "__main__":
    main()
