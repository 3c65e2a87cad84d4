"""--trace x.pcapng: tshark opens it, as MSRP over TCP, and finds every chunk and nothing wrong.

The blocks are read here as well, so that something is said where there is no tshark.
"""
import os
import re
import shutil
import signal
import struct
import subprocess
import sys

from harness import PATIENCE, Process, folder, make_bytes, read, receiver, run, write
from trace_support import HOSTILE, Peer, lines_of, session_id, transfer

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
FIELDS = ["frame.number", "frame.comment", "frame.time_epoch", "_ws.malformed", "tcp.stream",
          "tcp.flags.str", "tcp.srcport", "tcp.analysis.flags", "tcp.checksum.status",
          "ip.checksum.status", "msrp.method", "msrp.status.code", "msrp.transaction.id",
          "msrp.byte.range", "msrp.cnt.flg", "msrp.to.path"]
GOOD = "1"  # of checksums


def options_of(octets):
    found = {}
    while octets:
        code, length = struct.unpack_from("<HH", octets)
        if code == 0:
            break
        found[code] = octets[4:4 + length]
        octets = octets[4 + (length + 3) // 4 * 4:]
    return found


def blocks_of(file):
    """Every block by the letter of the specification: type, body."""
    octets, blocks = read(file), []
    while octets:
        kind, length = struct.unpack_from("<II", octets)
        assert length % 4 == 0 and length >= 12, length
        assert struct.unpack_from("<I", octets, length - 4) == (length,), "another length behind"
        blocks.append((kind, octets[8:length - 4]))
        octets = octets[length:]
    return blocks


def packets_of(file):
    """Every packet: its original length and the octets that are kept."""
    blocks = blocks_of(file)
    assert [kind for kind, _ in blocks[:2]] == [SECTION, INTERFACE]
    magic, major, minor, length = struct.unpack_from("<IHHq", blocks[0][1])
    assert (magic, major, minor, length) == (0x1A2B3C4D, 1, 0, -1)
    link, _, limit = struct.unpack_from("<HHI", blocks[1][1])
    assert (link, limit) == (101, 0) and options_of(blocks[1][1][8:])[9] == b"\x09"
    packets = []
    for kind, body in blocks[2:]:
        assert kind == PACKET
        interface, _, _, kept, length = struct.unpack_from("<IIIII", body)
        assert interface == 0 and kept <= length <= 65535
        packets.append((length, body[20:20 + kept]))
    return packets


def comments_of(file):
    comments = []
    for kind, body in blocks_of(file):
        if kind == PACKET:
            behind = 20 + (struct.unpack_from("<I", body, 12)[0] + 3) // 4 * 4
            comments.append(options_of(body[behind:]).get(1, b"").decode())
    return [comment for comment in comments if comment]


def stream_of(file):
    """What went each way, by the TCP sequence numbers: the one that connected comes first."""
    ways = {}
    for length, octets in packets_of(file):
        assert length == len(octets)
        header = 20 + (octets[32] >> 4) * 4
        port, peer, sequence = struct.unpack_from("!HHI", octets, 20)
        if octets[33] & 0x02:  # SYN
            ways[port, peer] = (sequence + 1, bytearray())
        start, content = ways[port, peer]
        assert sequence - start == len(content) or length == header, (sequence, start, len(content))
        content += octets[header:]
    return [bytes(content) for _, content in ways.values()]


def dissect(file):
    command = ["tshark", "-r", file, "-T", "fields", "-E", "separator=\x01", "-E",
               "aggregator=\x02", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    for field in FIELDS:
        command += ["-e", field]
    out = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE)
    frames = []
    for line in out.stdout.decode("utf-8").split("\n"):
        if line:
            frames.append(dict(zip(FIELDS, line.split("\x01"))))
    return frames


def check_sound(frames):
    """Nothing that tshark finds fault with."""
    for frame in frames:
        where = str(frame)
        assert frame["_ws.malformed"] == "" and frame["tcp.analysis.flags"] == "", where
        assert frame["tcp.checksum.status"] == frame["ip.checksum.status"] == GOOD, where
    times = [float(frame["frame.time_epoch"]) for frame in frames]
    assert times == sorted(times) and times[0] > 1_700_000_000, times[:3]


def chunks_by_tshark(frames):
    return [(frame["msrp.method"] or frame["msrp.status.code"], frame["msrp.byte.range"])
            for frame in frames if frame["msrp.transaction.id"]]


def check_dissected(there):
    """Whole bodies: each chunk that a segment holds is MSRP to tshark, head and end."""
    recv, send, path, own = transfer(there, "whole", "pcapng", "--trace-body", "100000")
    for file in (recv, send):
        frames = dissect(file)
        check_sound(frames)
        chunks = chunks_by_tshark(frames)
        for wanted in (("SEND", "1-7/7"), ("SEND", "1-*/10000"), ("200", ""),
                       ("REPORT", "1-10000/10000")):
            assert wanted in chunks, (wanted, chunks)
        for frame in frames:
            if frame["msrp.transaction.id"]:
                assert frame["msrp.cnt.flg"] == "$", frame
                assert frame["msrp.to.path"].endswith("xxxxxxxx;tcp"), frame
        assert {frame["tcp.stream"] for frame in frames} == {"0"}
        # It begins and ends as a connection does.
        flags = [re.sub("[^A-Z]", "", frame["tcp.flags.str"]) for frame in frames]
        assert flags[:3] == ["S", "AS", "A"] and flags.count("AF") == 2 and flags[-1] == "A", flags
        # The receiver's port is that of its path on both sides.
        port = path.split("/")[2].rsplit(":", 1)[1]
        assert frames[1]["tcp.srcport"] == port, frames[1]


def check_cut(there):
    """Of a body that is cut off the beginning is there, and its end-line; a comment says so."""
    for kept in (0, 64):
        recv, send, path, own = transfer(there, f"cut{kept}", "pcapng", "--trace-body", str(kept),
                                         size=200_000)
        for file in (recv, send):
            octets = read(file)
            for secret in (session_id(path).encode(), session_id(own).encode()):
                assert secret not in octets  # R4975-3-2
            assert (b"visible" in octets) == (kept > 0)
            content = stream_of(file)[0]
            body = b"\r\n\r\n" + make_bytes(200_000)[:kept] + b"\r\n-------"
            assert body in content and make_bytes(200_000)[kept:kept + 16] not in content
            comments = comments_of(file)
            wanted = f"the body had 200000 octets, of which {kept} are here"
            assert sum(wanted in comment for comment in comments) == 1, comments
            assert len(comments) == (2 if kept == 0 else 1), comments  # "visible"
            if shutil.which("tshark") is None:
                continue
            frames = dissect(file)
            check_sound(frames)
            chunks = [frame for frame in frames if frame["msrp.byte.range"] == "1-*/200000"]
            assert len(chunks) == 1 and chunks[0]["msrp.method"] == "SEND", chunks
            assert chunks[0]["msrp.cnt.flg"] == "$" and wanted in chunks[0]["frame.comment"]
            assert ("REPORT", "1-200000/200000") in chunks_by_tshark(frames)


def follow(file):
    """The first stream as tshark puts it together: from the one that connected, to it."""
    out = subprocess.run(["tshark", "-r", file, "-q", "-z", "follow,tcp,raw,0"],
                         capture_output=True, check=True, timeout=PATIENCE).stdout.decode()
    ways = [b"", b""]
    for line in out.split("\n"):
        if re.fullmatch(r"\t?[0-9a-f]+", line):
            ways[line.startswith("\t")] += bytes.fromhex(line)
    return ways


def check_streams(there):
    """Octet for octet what was sent: both ways, the same at both ends but for the secrets."""
    for suffix, options in (("plain", ()), ("secrets", ("--trace-secrets",))):
        recv, send, path, own = transfer(there, suffix, "pcapng", "--trace-body", "1000000",
                                         *options, size=300_000)
        ways = stream_of(send)
        assert ways == stream_of(recv)
        assert make_bytes(300_000) in ways[0] and b"visible" in ways[0]
        # A chunk of several segments: tshark puts it together as well.
        assert len(packets_of(send)) > 300_000 // 65536
        if shutil.which("tshark"):
            assert follow(send) == ways
        for way in ways:
            file = os.path.join(there, "way")
            with open(file, "wb") as out:
                out.write(way)
            run("decode", file)  # framing holds to the end
            for secret in (session_id(path).encode(), session_id(own).encode()):
                assert (secret in way) == (suffix == "secrets")


def check_demo(there):
    """Both ends write into one file: one stream, in which nothing is twice."""
    file = os.path.join(there, "demo.pcapng")
    lines = os.path.join(there, "demo.jsonl")
    # Always the same octets: there are some that tshark loses an end-line behind.
    body = write(os.path.join(there, "body"), make_bytes(5000))
    run("demo", "--file", body, "--trace", file, "--trace-body", "9999")
    run("demo", "--file", body, "--trace", lines)
    starts = b"".join(stream_of(file)).count(b"MSRP ")
    assert starts == sum(line.get("direction") == "sent" for line in lines_of(lines)), starts
    if shutil.which("tshark"):
        frames = dissect(file)
        check_sound(frames)
        assert len(chunks_by_tshark(frames)) == starts


def check_hostile(there):
    """Octets that mean something elsewhere, several connections, and what is no MSRP at all."""
    file = os.path.join(there, "hostile.pcapng")
    with receiver("--out", there, "--json", "--trace", file, "--trace-body", "1000") as recv:
        path = recv.event("listening")["path"]
        for number in range(3):
            peer = Peer(path)
            peer.send(f"hostile{number}", b"Authorization: Digest response=\"s3cr3t\"",
                      b"X-Odd: \xff\x00</script>", body=HOSTILE)
            peer.answer("bind0001")
            path = recv.event("listening")["path"]
            if number == 2:
                peer.raw(b"no MSRP at all\r\n")
            else:
                peer.close()
            recv.event("closed")
        recv.signal(signal.SIGTERM)
        recv.wait(1)
    octets = b"".join(stream_of(file))
    assert octets.count(HOSTILE) == 3 and b"s3cr3t" not in octets and b"peersecret" not in octets
    assert octets.count(b"\xff\x00</script>") == 3
    illegal = [text for text in comments_of(file) if text.startswith("illegal data was received")]
    assert len(illegal) >= 4, illegal  # three bad headers, and what is no MSRP
    if shutil.which("tshark"):
        frames = dissect(file)
        assert {frame["tcp.stream"] for frame in frames} == {"0", "1", "2"}
        assert all(frame["_ws.malformed"] == "" for frame in frames)


def check_interrupted(there):
    """Ctrl-C in mid-transfer: whole blocks, and all that went until then."""
    file = os.path.join(there, "interrupted.pcapng")
    with receiver("--out", there) as recv:
        with Process("send", recv.path(), "-", "--json", "--trace", file, "--trace-body", "1000000",
                     stdin=subprocess.PIPE) as send:
            send.process.stdin.write(b"begun" * 20_000)
            send.process.stdin.flush()
            send.event("bound")
            send.signal(signal.SIGINT)
            send.wait(1)
        recv.signal(signal.SIGINT)
        recv.wait(1)
    ways = stream_of(file)
    assert sum(way.count(b"MSRP ") for way in ways) >= 2


def main():
    for check in (check_cut, check_streams, check_demo, check_hostile, check_interrupted):
        with folder() as there:
            check(there)
    if shutil.which("tshark") is None:
        print("SKIPPED in part: tshark is not installed, nobody judged the packets",
              file=sys.stderr)
        sys.exit(77)
    with folder() as there:
        check_dissected(there)


if __name__ == "__main__":
    main()
