# SPDX-License-Identifier: GPL-3.0-or-later
"""A path that doubles and reorders datagrams and loses none: a relay for one TFTP client.

Each datagram may come twice, and may be overtaken by the next one or two of its direction; one
that nothing follows is delivered after a millisecond all the same.
"""
import random
import select
import socket
import struct
import threading
import time

HELD_FOR = 0.001
DATA = 3


class RoughPath:
    def __init__(self, server, seed, client="127.0.0.1", twice=0.02, late=0.01):
        """`client`: whose address the server sees; it remembers who loses."""
        self._dice = random.Random(seed)
        self._twice, self._late = twice, late
        self._server = server
        self._client = None
        self._near = self._socket("127.0.0.1")   # the client's side
        self._far = self._socket(client)
        self._held = []               # (when, how many may overtake, send)
        self._over = False
        self.blocks = 0               # DATA that the server sent
        self.delivered = 0
        self.address = self._near.getsockname()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @staticmethod
    def _socket(address):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((address, 0))
        return sock

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over = True
        self._thread.join()
        self._near.close()
        self._far.close()

    def _run(self):
        while not self._over:
            ready, _, _ = select.select([self._near, self._far], [], [], HELD_FOR if self._held else 0.05)
            if self._near in ready:
                packet, self._client = self._near.recvfrom(70000)
                self._pass(lambda p=packet: self._far.sendto(p, self._server))
            if self._far in ready:
                packet, sender = self._far.recvfrom(70000)
                self._server = sender   # its TID, from the first answer on
                if struct.unpack("!H", packet[:2])[0] == DATA:
                    self.blocks += 1
                self._pass(lambda p=packet: self._near.sendto(p, self._client))
            self._release(overtaken=0)

    def _pass(self, send):
        self._release(overtaken=1)
        copies = 2 if self._dice.random() < self._twice else 1
        for _ in range(copies):
            if self._dice.random() < self._late:
                self._held.append([time.monotonic() + HELD_FOR, self._dice.randint(1, 2), send])
            else:
                self._deliver(send)

    def _deliver(self, send):
        self.delivered += 1
        send()

    def _release(self, overtaken):
        now = time.monotonic()
        for one in self._held:
            one[1] -= overtaken
        due = [one for one in self._held if one[1] < 0 or one[0] <= now]
        self._held = [one for one in self._held if not (one[1] < 0 or one[0] <= now)]
        for one in due:
            self._deliver(one[2])
