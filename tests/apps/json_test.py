"""Every event of --json has the fields that are promised, of the types that are promised."""
import json
import os

from harness import Process, folder, make_bytes, read, receiver, run, sha256, write

NUMBER, TEXT, BOOL = (int, float), str, bool
SCHEMA = {
    "listening": {"path": TEXT},
    "bound": {"local": TEXT, "remote": TEXT},
    "message": {"message_id": TEXT, "content_type": TEXT, "bytes": int,
                "sha256": (str, type(None)), "chunks": (int, type(None)), "complete": BOOL,
                "file": (str, type(None))},
    "text": {"message_id": TEXT, "body": TEXT},
    "delivered": {"message_id": TEXT},
    "report": {"message_id": TEXT, "status": int, "range": TEXT},
    "failed": {"message_id": (str, type(None)), "status": (int, type(None)), "reason": TEXT},
    "closed": {"reason": TEXT},
    "summary": {"bytes_in": int, "bytes_out": int, "messages_in": int, "messages_out": int,
                "seconds": NUMBER},
}


def check(events):
    before = 0
    for event in events:
        assert isinstance(event["t"], NUMBER) and event["t"] >= before, event
        before = event["t"]
        for field, kind in SCHEMA[event["event"]].items():
            assert isinstance(event[field], kind), (field, event)
    names = [event["event"] for event in events]
    assert names[-1] == "summary" and names.count("summary") == 1, names
    return names


def main():
    text = "line one\nzwei \u2603 \U0001F600 \"quoted\" \\ \x1b[31mred\x00"
    data = make_bytes(400_000)
    with folder() as source, folder() as target:
        file = write(os.path.join(source, "data.bin"), data)
        with receiver("--out", target, "--once", "--json") as recv:
            path = recv.event("listening")["path"]
            args = ["send", path, "--json", "--success-report", "--text",
                    text.replace("\x00", ""), file, "--chunk", "4096"]
            with Process(*args) as send:
                send.wait(0)
                names = check(send.events())
                assert names.count("delivered") == 2 and names.count("report") >= 2, names
                assert names[0] == "bound" and "closed" in names
                summary = send.events()[-1]
                assert summary["messages_out"] == 2 and summary["messages_in"] == 0
                assert summary["bytes_out"] == len(data) + len(text.replace("\x00", "").encode())
                for event in send.events():
                    if event["event"] == "report":
                        assert event["status"] == 200 and "/" in event["range"], event
            recv.wait(0)
            events = recv.events()
            names = check(events)
            assert names[0] == "listening" and "closed" in names
            [body] = [event["body"] for event in events if event["event"] == "text"]
            assert body == text.replace("\x00", "")
            [message] = [event for event in events
                         if event["event"] == "message" and event["file"] is not None]
            assert message["bytes"] == len(data) and message["sha256"] == sha256(data)
            assert message["complete"] and message["chunks"] >= 1
            assert message["content_type"] == "application/octet-stream"
            assert read(message["file"]) == data
            assert events[-1]["messages_in"] == 2

        # Octets that are no UTF-8 come through, reversibly.
        octets = bytes(range(256)) + "\uef80\uefff\u20ac".encode()
        file = write(os.path.join(source, "octets"), octets)
        with receiver("--out", target, "--once", "--json") as recv:
            path = recv.event("listening")["path"]
            with open(file, "rb") as stream, Process(
                    "send", path, "-", "--content-type", "text/plain", stdin=stream) as send:
                send.wait(0)
            body = recv.event("text")["body"]
            recv.wait(0)
        back = b"".join(bytes([ord(c) - 0xEF00]) if 0xEF80 <= ord(c) <= 0xEFFF else c.encode()
                        for c in body)
        assert back == octets

        # A failure: nobody there any more.
        with receiver("--out", target) as recv:
            path = recv.path()
        with Process("send", path, "--json", "--text", "x", file) as send:
            send.wait(1)
            # What was never begun failed as well.
            assert check(send.events()) == ["failed", "failed", "summary"]
            text, other = send.events()[:2]
            assert text["message_id"] is None and "no session" in text["reason"], text
            assert "file" not in text and other["file"] == "octets", other

        # The demo's messages are told of like everybody's.
        out, _ = run("demo", "--size", "1000", "--json")
        messages = [json.loads(line) for line in out.splitlines() if '"message"' in line]
        assert [each["content_type"] for each in messages] == ["application/octet-stream"] * 2


if __name__ == "__main__":
    main()
