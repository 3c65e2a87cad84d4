"""msrp decode: on good, cut, spoilt and hostile input."""
import hashlib
import json
import os
import subprocess
import threading

from harness import (PATIENCE, PROGRAM, folder, is_sanitized, one_error_line, peak_memory_kib, run,
                     write)

# RFC 4975 section 11.1 and 11.4, with what each chunk says.
EXAMPLES = (
    b"MSRP a786hjs2 SEND\r\n"
    b"To-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n"
    b"From-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\n"
    b"Message-ID: 87652491\r\nByte-Range: 1-25/25\r\nContent-Type: text/plain\r\n\r\n"
    b"Hey Bob, are you there?\r\n-------a786hjs2$\r\n"
    b"MSRP a786hjs2 200 OK\r\n"
    b"To-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp\r\n"
    b"From-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp\r\n"
    b"-------a786hjs2$\r\n"
    b"MSRP dkei38sd SEND\r\n"
    b"To-Path: msrp://alicepc.example.com:7777/iau39soe2843z;tcp\r\n"
    b"From-Path: msrp://bob.example.com:8888/9di4eae923wzd;tcp\r\n"
    b"Message-ID: 456so39s\r\nByte-Range: 1-*/148\r\nContent-Type: message/cpim\r\n\r\n"
    b"abcd\r\n-------dkei38s\r\n------- dkei38sd$\r\n\r\n-------dkei38sd+\r\n"
    b"MSRP dkei38ia REPORT\r\n"
    b"To-Path: msrp://bob.example.com:8888/9di4aea923wzd;tcp\r\n"
    b"From-Path: msrp://alice.example.com:7777/iau39soe2843z;tcp\r\n"
    b"Message-ID: 12339sdqwer\r\nByte-Range: 1-106/106\r\nStatus: 000 200 OK\r\n"
    b"-------dkei38ia$\r\n"
    b"MSRP d93kswow SEND\r\n"
    b"To-Path: msrp://bobpc.example.com:8888/9di4eae923wzd;tcp\r\n"
    b"From-Path: msrp://alicepc.example.com:7777/iau39soe2843z;tcp\r\n"
    b"Message-ID: 12339sdqwes\r\n"
    b"-------d93kswow$\r\n")


def decode(data, *args, status=0):
    out, err = run("decode", *args, stdin=data, status=status)
    return [json.loads(line) for line in out.splitlines()], err


def check_good():
    lines, err = decode(EXAMPLES)
    assert err == "" and len(lines) == 5
    body = b"Hey Bob, are you there?"
    first = lines[0]
    assert first["offset"] == 0 and first["kind"] == "request" and first["tid"] == "a786hjs2"
    assert first["method"] == "SEND" and first["flag"] == "$" and first["has_body"] is True
    assert first["body_bytes"] == len(body)
    assert first["body_sha256"] == hashlib.sha256(body).hexdigest()
    assert first["headers"][0] == ["To-Path",
                                   "msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp"]
    assert [name for name, _ in first["headers"]] == ["To-Path", "From-Path", "Message-ID",
                                                      "Byte-Range", "Content-Type"]
    assert list(first) == ["offset", "kind", "tid", "method", "headers", "body_bytes",
                           "body_sha256", "has_body", "flag"]
    assert lines[1]["kind"] == "response" and lines[1]["status"] == 200
    assert lines[1]["comment"] == "OK" and lines[1]["has_body"] is False
    assert lines[2]["flag"] == "+"
    assert lines[2]["body_bytes"] == len(b"abcd\r\n-------dkei38s\r\n------- dkei38sd$\r\n")
    assert lines[3]["method"] == "REPORT" and lines[4]["has_body"] is False
    assert [line["offset"] for line in lines] == [
        EXAMPLES.index(start) for start in (b"MSRP a786hjs2 SEND", b"MSRP a786hjs2 200",
                                            b"MSRP dkei38sd", b"MSRP dkei38ia", b"MSRP d93kswow")]
    for size in (1, 2, 7, 64, 100_000):
        assert decode(EXAMPLES, "--split", str(size))[0] == lines, size
    assert decode(b"") == ([], "")
    with folder() as there:
        file = write(os.path.join(there, "in"), EXAMPLES)
        assert decode(b"", file)[0] == lines
        assert decode(b"ignored", file, "--split", "3")[0] == lines


def check_split_each():
    for data, status in ((EXAMPLES, 0), (EXAMPLES[:300], 1), (b"GET / HTTP/1.1\r\n\r\n", 1),
                         (b"", 0), (EXAMPLES + b"garbage", 1)):
        lines, _ = decode(data, "--split-each", status=status)
        assert lines[-1] == {"splits": max(len(data) - 1, 0), "agree": True}, lines[-1]
        assert lines[:-1] == decode(data, status=status)[0]


def check_bad():
    # Every place to cut at: either between two chunks, or the last line says so.
    ends = set()
    lines, _ = decode(EXAMPLES)
    for line in lines[1:] + [{"offset": len(EXAMPLES)}]:
        ends.add(line["offset"])
    for size in list(range(1, len(EXAMPLES), 13)) + sorted(ends):
        lines, _ = decode(EXAMPLES[:size], status=0 if size in ends else 1)
        if size not in ends:
            assert lines[-1]["error"] == "truncated", (size, lines[-1])
            assert lines[-1]["offset"] == max([end for end in ends if end < size], default=0)
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\0", b"\x16\x03\x01\x02\x00", b"MSRP\r\n",
                    b"MSRP  SEND\r\n", os.urandom(5000), b"A" * 100_000, b"MSRP a786hjs2 SEND\r\n" +
                    b"X-Y: " + b"z" * 200_000):
        lines, _ = decode(garbage, status=1)
        assert set(lines[-1]) == {"offset", "error"} and lines[-1]["error"], lines
        lines, _ = decode(EXAMPLES + garbage, status=1)
        assert len(lines) == 6 and lines[-1]["offset"] >= len(EXAMPLES), lines[-1]
    # Well framed and wrong: marked, counted, and gone on behind it.
    wrong = EXAMPLES.replace(b"Byte-Range: 1-25/25", b"Byte-Range: x-25/25")
    lines, err = decode(wrong)
    assert "Byte-Range" in lines[0]["invalid"] and "invalid" not in lines[1] and len(lines) == 5
    one_error_line(err)
    # Octets that are no UTF-8, in a header.
    octets = bytes([0x80, 0xC3, 0xFF]) + b"\xc3\xa4"
    lines, _ = decode(EXAMPLES.replace(b"Message-ID: 87652491",
                                       b"Message-ID: 87652491\r\nX-Octets: " + octets))
    value = dict(lines[0]["headers"])["X-Octets"]
    back = b"".join(bytes([ord(c) - 0xEF00]) if 0xEF80 <= ord(c) <= 0xEFFF else c.encode()
                    for c in value)
    assert back == octets


def check_memory():
    """A body without an end, 300 MiB of it, and a flood of small chunks."""
    for block in (b"\r\n-------a786hjs\r\n" * 4096, EXAMPLES * 40):
        with subprocess.Popen([PROGRAM, "decode"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            sink = threading.Thread(target=lambda stream: [None for _ in iter(
                lambda: stream.read(1 << 20), b"")], args=(process.stdout,))
            sink.start()
            if block[:4] != b"MSRP":
                process.stdin.write(EXAMPLES[:EXAMPLES.index(b"Hey Bob")])
            for _ in range((300 << 20) // len(block) if block[:4] != b"MSRP" else 500):
                process.stdin.write(block)
            process.stdin.flush()
            memory = peak_memory_kib(process.pid)
            process.stdin.close()
            sink.join(PATIENCE)
            assert process.wait(PATIENCE) == (0 if block[:4] == b"MSRP" else 1)
            assert memory < 24 * 1024 or is_sanitized(), memory


def check_missing():
    """A header that is missing is named."""
    for name in ("Message-ID", "Content-Type"):
        lines = [line for line in EXAMPLES[:EXAMPLES.index(b"MSRP a786hjs2 200")].split(b"\r\n")
                 if not line.startswith(name.encode())]
        [chunk], _ = decode(b"\r\n".join(lines))
        assert chunk["invalid"] == f"missing header: {name}", chunk


def main():
    check_good()
    check_split_each()
    check_bad()
    check_missing()
    check_memory()


if __name__ == "__main__":
    main()
