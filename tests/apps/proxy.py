"""A TCP proxy that remembers every octet of both directions, and chunks cut out of them."""
import json
import socket
import threading

from harness import PATIENCE, run


class Proxy:
    """Stands at 127.0.0.2 in front of a receiver that listens on the same port of 127.0.0.1."""

    def __init__(self, port):
        self.port = port
        self.connections = []  # each a list of (is_from_client, octets)
        self._threads = []
        self._listener = socket.create_server(("127.0.0.2", port))
        self._listener.settimeout(PATIENCE)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port))
            record = []
            self.connections.append(record)
            for source, sink, from_client in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._pump, daemon=True,
                                          args=(source, sink, from_client, record))
                thread.start()
                self._threads.append(thread)

    @staticmethod
    def _pump(source, sink, from_client, record):
        while True:
            try:
                octets = source.recv(65536)
                if octets:
                    record.append((from_client, octets))
                    sink.sendall(octets)
                    continue
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            return

    def finish(self):
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()

    def chunks(self):
        """(connection, is_from_client, octets, decoded) of every chunk, as they became complete."""
        result = []
        for number, record in enumerate(self.connections):
            found = []
            for direction in (True, False):
                stream = b"".join(octets for way, octets in record if way == direction)
                ends, position = [], 0
                for index, (way, octets) in enumerate(record):
                    if way == direction:
                        position += len(octets)
                        ends.append((position, index))
                lines = [json.loads(line) for line in run("decode", stdin=stream)[0].splitlines()]
                offsets = [line["offset"] for line in lines] + [len(stream)]
                for line, begin, end in zip(lines, offsets, offsets[1:]):
                    index = next(index for position, index in ends if position >= end)
                    found.append((index, end, direction, stream[begin:end], line))
            for _, _, direction, octets, line in sorted(found, key=lambda item: item[:2]):
                result.append((number, direction, octets, line))
        return result


def port_of(path):
    return int(path.split("//")[1].split("/")[0].rsplit(":", 1)[1])
