"""text/plain without a name: printed up to 64 KiB, a file beyond; no escapes reach a terminal."""
import os

from harness import folder, read, receiver, run


def main():
    with folder() as target:
        for size, is_text in ((64 * 1024, True), (64 * 1024 + 1, False)):
            body = b"x" * size
            with receiver("--out", target, "--once", "--json") as recv:
                path = recv.event("listening")["path"]
                run("send", path, "-", "--content-type", "text/plain", stdin=body)
                recv.wait(0)
                events = recv.events()
            texts = [event for event in events if event["event"] == "text"]
            [message] = [event for event in events if event["event"] == "message"]
            assert (len(texts) == 1) == is_text and (message["file"] is None) == is_text, size
            if is_text:
                assert texts[0]["body"] == body.decode() and os.listdir(target) == []
            else:
                assert read(message["file"]) == body
        with receiver("--out", target, "--once") as recv:
            run("send", recv.path(), "--text", "\x1b]0;owned\x07 \u202e \x9b31m\ttab")
            recv.wait(0)
            line = recv.out[-1]
            assert "\x1b" not in line and "\x07" not in line and "\u202e" not in line, repr(line)
            assert "\x9b" not in line and "\\x1B" in line and "\ttab" in line, repr(line)


if __name__ == "__main__":
    main()
