"""An outside judge: tshark has to read every chunk that we send as we meant it.

What two commands really send passes a proxy. It is written to a capture, a chunk a TCP segment
(the dissector puts none together), and tshark has to find in every frame the same transaction id,
method, status, continuation flag, Message-ID and Byte-Range as our own decoder, and nothing
malformed. Skipped where there is no tshark.
"""
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys

from harness import PATIENCE, Process, folder, make_bytes, receiver, write
from proxy import Proxy, port_of

SERVER_PORT = 2855
FIELDS = {
    "tid": "msrp.transaction.id",
    "method": "msrp.method",
    "status": "msrp.status.code",
    "flag": "msrp.cnt.flg",
    "message_id": "msrp.messageid",
    "byte_range": "msrp.byte.range",
    "to": "msrp.to.path",
    "from": "msrp.from.path",
    "success_report": "msrp.success.report",
    "failure_report": "msrp.failure.report",
    "content_type": "msrp.content.type",
    "malformed": "_ws.malformed",
    "expert": "_ws.expert.message",
    "analysis": "tcp.analysis.flags",
    "protocols": "frame.protocols",
}


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(client_port, from_client, seq, ack, flags, payload):
    addresses = [socket.inet_aton("192.0.2.1"), socket.inet_aton("192.0.2.2")]
    ports = [client_port, SERVER_PORT]
    if not from_client:
        addresses.reverse()
        ports.reverse()
    pair = addresses[0] + addresses[1]
    def tcp_header(value):
        return struct.pack("!HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 65535, value, 0)
    pseudo = pair + struct.pack("!BBH", 0, 6, 20 + len(payload))
    tcp = tcp_header(checksum(pseudo + tcp_header(0) + payload)) + payload
    def ip_header(value):
        return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, value) + pair
    return ip_header(checksum(ip_header(0))) + tcp


def write_capture(file, chunks):
    """Returns the number of the first frame of each chunk."""
    frames, state, numbers = [], {}, []
    for connection, from_client, octets, _ in chunks:
        assert len(octets) + 40 <= 65535, "a chunk that fits no segment"
        port = 40000 + connection
        if connection not in state:
            state[connection] = {True: 1001, False: 5001}
            frames.append(packet(port, True, 1000, 0, 0x02, b""))       # SYN
            frames.append(packet(port, False, 5000, 1001, 0x12, b""))   # SYN, ACK
            frames.append(packet(port, True, 1001, 5001, 0x10, b""))    # ACK
        sequence = state[connection]
        frames.append(packet(port, from_client, sequence[from_client], sequence[not from_client],
                             0x18, octets))
        numbers.append(len(frames))
        sequence[from_client] += len(octets)
        frames.append(packet(port, not from_client, sequence[not from_client],
                             sequence[from_client], 0x10, b""))
    with open(file, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for index, frame in enumerate(frames):
            out.write(struct.pack("<IIII", 1_700_000_000 + index // 1000,
                                  index % 1000 * 1000, len(frame), len(frame)))
            out.write(frame)
    return numbers


def dissect(file):
    """Frame number -> field -> all its values."""
    command = ["tshark", "-r", file, "-d", f"tcp.port=={SERVER_PORT},msrp", "-T", "fields",
               "-E", "separator=\x01", "-E", "aggregator=\x02", "-E", "occurrence=a",
               "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
               "-o", "tcp.desegment_tcp_streams:FALSE", "-e", "frame.number"]
    for field in FIELDS.values():
        command += ["-e", field]
    out = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE).stdout
    frames = {}
    for line in out.decode("utf-8").split("\n"):
        if not line:
            continue
        values = [value.split("\x02") if value else [] for value in line.split("\x01")]
        frames[int(values[0][0])] = dict(zip(FIELDS, values[1:]))
    return frames


def headers_of(line):
    return {name.lower(): value for name, value in line["headers"]}


def compare(number, frame, line):
    where = f"frame {number}: {line} versus {frame}"
    # Bodies that it has no dissector for are handed on with the end-line behind them; that is its
    # way and says nothing about the chunk.
    expert = [remark for remark in frame["expert"] if remark != "Trailing stray characters"]
    assert frame["malformed"] == [] and expert == [] and frame["analysis"] == [], where
    assert frame["protocols"][0].split(":")[-1] != "tcp" and "msrp" in frame["protocols"][0], where
    assert set(frame["tid"]) == {line["tid"]}, where
    assert frame["flag"] == [line["flag"]], where
    if line["kind"] == "request":
        assert frame["method"] == [line["method"]] and frame["status"] == [], where
    else:
        assert frame["status"] == [str(line["status"])] and frame["method"] == [], where
    headers = headers_of(line)
    for field, name in (("message_id", "message-id"), ("byte_range", "byte-range"),
                        ("to", "to-path"), ("from", "from-path"),
                        ("success_report", "success-report"),
                        ("failure_report", "failure-report"), ("content_type", "content-type")):
        assert frame[field] == ([headers[name]] if name in headers else []), (field, where)


def record():
    """Every kind of chunk that the command sends."""
    with folder() as source, folder() as target, receiver(
            "--host", "127.0.0.2", "--out", target, "--json") as recv:
        path = recv.event("listening")["path"]
        proxy = Proxy(port_of(path))
        files = [write(os.path.join(source, f"file {i}"), make_bytes(size, i))
                 for i, size in enumerate((0, 1, 2048, 2049, 9000, 20000, 20000, 20000))]
        for args in (["--text", "hi \u2603", "--success-report", "--chunk", "2048", *files],
                     ["--text", "partial", "--failure-report", "partial", "--success-report"],
                     ["--text", "no", "--failure-report", "no"]):
            with Process("send", path, *args) as send:
                send.wait(0)
            path = recv.event("listening")["path"]
        # A stream that is given up ends in "#".
        with Process("send", path, "-", "--json", stdin=subprocess.PIPE) as send:
            # The pipe holds a page, so that when all is written the program has sent some of it.
            fcntl.fcntl(send.process.stdin, fcntl.F_SETPIPE_SZ, 4096)
            send.process.stdin.write(b"begun" * 3000)
            send.process.stdin.flush()
            send.event("bound")
            recv.event("listening")
            send.signal(signal.SIGINT)
            send.wait(1)
        # 481
        with Process("send", path.replace(path.split("/")[-1], "nobodyhere123;tcp"), "--text",
                     "x") as send:
            send.wait(1)
        recv.signal(signal.SIGTERM)
        recv.wait(1)
        proxy.finish()
        return proxy.chunks()


def main():
    if shutil.which("tshark") is None:
        print("SKIPPED: tshark is not installed, nobody judged what we send", file=sys.stderr)
        sys.exit(77)
    chunks = record()
    kinds = {line.get("method", line.get("status")) for _, _, _, line in chunks}
    assert {"SEND", "REPORT", 200, 481} <= kinds, kinds
    flags = {line["flag"] for _, _, _, line in chunks}
    assert flags == {"$", "+", "#"}, flags
    assert not any("invalid" in line or "error" in line for _, _, _, line in chunks)
    with folder() as there:
        capture = os.path.join(there, "msrp.pcap")
        numbers = write_capture(capture, chunks)
        frames = dissect(capture)
        for number, (_, _, _, line) in zip(numbers, chunks):
            compare(number, frames[number], line)
        # The judge does see what is wrong: one octet of an end-line is spoilt.
        connection, way, octets, line = chunks[0]
        spoilt = octets.replace(f"-------{line['tid']}".encode(), b"-------spoilt")
        write_capture(capture, [(connection, way, spoilt, line)])
        try:
            compare(4, dissect(capture)[4], line)
        except AssertionError:
            pass
        else:
            raise SystemExit("tshark does not notice a spoilt chunk")
    print(f"tshark agrees on {len(chunks)} chunks")


if __name__ == "__main__":
    main()
