# SPDX-License-Identifier: GPL-3.0-or-later
"""A TFTP server of a few lines, right or wrong on purpose, to test the load generator with.
Independent of the code under test; one transfer after the other, loopback only."""
import socket
import threading


class TinyTftp:
    """content: what is served. blunder: what is done wrong, None for nothing:
    "block-twice" sends each block twice; "oack-lies" grants a larger block than asked for;
    "deaf-once" does not hear the first request; "swap" sends windows in reverse order once."""

    def __init__(self, content, blunder=None, retry=0.3):
        self.content, self.blunder, self.retry = content, blunder, retry
        self.requests = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.port = self._socket.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while not self._over.is_set():
            try:
                request, client = self._socket.recvfrom(2048)
            except socket.timeout:
                continue
            self.requests += 1
            if request[:2] == b"\0\1" and not (self.blunder == "deaf-once" and self.requests == 1):
                self._transfer(request, client)

    def _transfer(self, request, client):
        words = request[2:].split(b"\0")[2:-1]
        asked = {k.decode().lower(): int(v) for k, v in zip(words[::2], words[1::2])}
        size, window = asked.get("blksize", 512), asked.get("windowsize", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tid:
            tid.bind(("127.0.0.1", 0))
            tid.settimeout(self.retry)
            first = 1
            if asked:
                granted = dict(asked, **({"tsize": len(self.content)} if "tsize" in asked else {}))
                if self.blunder == "oack-lies":
                    granted["blksize"] = size + 8
                oack = b"\0\6" + b"".join(f"{k}\0{v}\0".encode() for k, v in granted.items())
                if not self._answered(tid, client, [oack], 0):
                    return
            blocks = [self.content[i:i + size] for i in range(0, len(self.content) + 1, size)]
            if len(self.content) % size:
                blocks = [b for b in blocks if b]
            while first <= len(blocks):
                burst = [b"\0\3" + (n & 0xffff).to_bytes(2, "big") + blocks[n - 1]
                         for n in range(first, min(first + window, len(blocks) + 1))]
                if self.blunder == "block-twice":
                    burst = [b for block in burst for b in (block, block)]
                if self.blunder == "swap":
                    burst, self.blunder = burst[::-1], None
                acked = self._answered(tid, client, burst, first - 1)
                if acked is None:
                    return
                first = acked + 1

    def _answered(self, tid, client, burst, least):
        """Sends until the newest ACK says `least` or more; the block, or None when it gives up."""
        for _ in range(10):
            for packet in burst:
                tid.sendto(packet, client)
            try:
                while True:
                    ack = tid.recv(512)
                    if ack[:2] == b"\0\5":
                        return None
                    block = least + ((int.from_bytes(ack[2:4], "big") - least) & 0xffff)
                    if block - least < 0x8000 and (block > least or burst[0][1] == 6):
                        return max(block, 1) if burst[0][1] == 6 else block
                    break   # the same again: the client misses what follows
            except (socket.timeout, ConnectionRefusedError):
                pass
        return None
