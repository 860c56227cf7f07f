"""Lines between clients and a server: whole ones, cut ones, silent ones, slow ones.

`Line` moves bytes and knows nothing of them. `FrameLine` ends TLS on both sides and moves whole WebSocket frames
(RFC 6455), so that it can drop or delay single ones, as a bad relay on the way would.
"""
import asyncio
import random
import ssl
import struct
import threading

MEDIA = 45  # the first byte of a media frame (PROTOCOL.md, "Frames")


class Line:
    """A TCP proxy at `port` on localhost that can be cut, go silent and be mended."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.silent = self.refusing = False
        self.connections = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self.on_loop(self.listen())
        self.port = self.server.sockets[0].getsockname()[1]

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    async def listen(self):
        return await asyncio.start_server(self.accept, "127.0.0.1", 0)

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.target_port)

    def on_loop(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def cut(self):
        """Closes every connection and takes no new ones: the cable is out and both ends know it."""
        async def act():
            self.refusing = True
            self.end_all()
        self.on_loop(act())

    def go_silent(self):
        """Swallows everything from now on; connections stay open: nobody is told."""
        async def act():
            self.silent = True
        self.on_loop(act())

    def mend(self):
        """Works again. What was swallowed is gone, so connections from before are closed."""
        async def act():
            if self.silent:
                self.end_all()
            self.silent = self.refusing = False
        self.on_loop(act())

    def end_all(self):
        for writer in list(self.connections):
            writer.transport.abort()

    def close(self):
        async def act():
            self.server.close()
            self.end_all()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        self.on_loop(act())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    async def accept(self, reader, writer):
        """Joins a client with the server until either side ends."""
        pair = [writer]
        self.connections.add(writer)
        try:
            if self.refusing:
                return
            far_reader, far_writer = await self.connect()
            pair.append(far_writer)
            self.connections.add(far_writer)
            moves = [asyncio.ensure_future(self.move(reader, far_writer, "up")),
                     asyncio.ensure_future(self.move(far_reader, writer, "down"))]
            await asyncio.wait(moves, return_when=asyncio.FIRST_COMPLETED)
            for move in moves:
                move.cancel()
            await asyncio.gather(*moves, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in pair:
                self.connections.discard(end)
                end.transport.abort()

    async def move(self, reader, writer, way):
        while True:
            data = await reader.read(65536)
            if not data and not self.silent:
                return
            if not data:
                await asyncio.Event().wait()  # even the end of a stream is swallowed
            if not self.silent:
                writer.write(data)
                await writer.drain()


class FrameLine(Line):
    """A Line that sees single frames: drops and delays media, with a seed, paces what comes, and can stall."""

    def __init__(self, target_port, certs, seed=1, drop=0.0, jitter_ms=0, pace_ms=0):
        self.random = random.Random(seed)
        self.drop, self.jitter_ms = drop, jitter_ms
        self.pace_ms = pace_ms  # between two frames of the server
        self.media = {"up": 0, "down": 0}
        self.dropped = {"up": 0, "down": 0}
        self.on_frame = None  # on_frame(way, payload, time): sees each media frame that came
        self.near = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.near.load_cert_chain(certs / "server.pem", certs / "server.key")
        self.far = ssl.create_default_context(cafile=str(certs / "ca.pem"))
        super().__init__(target_port)
        self.open_gate = asyncio.Event()
        self.loop.call_soon_threadsafe(self.open_gate.set)

    async def listen(self):
        return await asyncio.start_server(self.accept, "127.0.0.1", 0, ssl=self.near)

    async def connect(self):
        return await asyncio.open_connection("localhost", self.target_port, ssl=self.far)

    def stall(self, seconds):
        """Holds back every frame for a while; then all of them come at once."""
        def act():
            self.open_gate.clear()
            self.loop.call_later(seconds, self.open_gate.set)
        self.loop.call_soon_threadsafe(act)

    async def move(self, reader, writer, way):
        writer.write(await reader.readuntil(b"\r\n\r\n"))  # the HTTP upgrade or its answer
        queue = asyncio.Queue()
        sender = asyncio.ensure_future(self.send_in_order(queue, writer, self.pace_ms if way == "down" else 0))
        try:
            while True:
                raw, payload, opcode = await read_frame(reader)
                delay = 0.0
                if opcode == 2 and payload[:1] == bytes([MEDIA]):
                    self.media[way] += 1
                    if self.on_frame:
                        self.on_frame(way, payload, self.loop.time())
                    if self.random.random() < self.drop:
                        self.dropped[way] += 1
                        continue
                    delay = self.random.random() * self.jitter_ms / 1000
                if not self.silent:
                    queue.put_nowait((self.loop.time() + delay, raw))
        except asyncio.IncompleteReadError:
            return
        finally:
            sender.cancel()

    async def send_in_order(self, queue, writer, pace_ms):
        """A frame that is late holds up those behind it, as on any TCP connection."""
        while True:
            due, raw = await queue.get()
            await asyncio.sleep(max(0.0, due - self.loop.time()))
            await self.open_gate.wait()
            writer.write(raw)
            await writer.drain()
            await asyncio.sleep(pace_ms / 1000)


async def read_frame(reader):
    """One WebSocket frame: its bytes as they came, its payload without the mask, its opcode."""
    raw = await reader.readexactly(2)
    size = raw[1] & 0x7F
    if size >= 126:
        more = await reader.readexactly(2 if size == 126 else 8)
        size = struct.unpack(">H" if size == 126 else ">Q", more)[0]
        raw += more
    mask = await reader.readexactly(4) if raw[1] & 0x80 else b""
    body = await reader.readexactly(size)
    key = (mask * (size // 4 + 1))[:size] if mask else b""
    payload = bytes(a ^ b for a, b in zip(body, key)) if mask else body
    return raw + mask + body, payload, raw[0] & 0x0F
