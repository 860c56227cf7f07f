"""A WebSocket client (RFC 6455) that does as it is told, also what no good client does."""
import os
import socket
import ssl
import struct

BINARY, TEXT, CONTINUATION, CLOSE, PING, PONG = 2, 1, 0, 8, 9, 10


class Closed(Exception):
    """The other side ended the connection; `code` is what its close frame said, or None."""

    def __init__(self, code=None):
        super().__init__(f"closed with {code}")
        self.code = code


def trusting(certs, **changes):
    """A TLS context that trusts the development CA. `changes` are set on it."""
    context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
    for name, value in changes.items():
        setattr(context, name, value)
    return context


def tls_connect(port, context, timeout_s=10):
    plain = socket.create_connection(("127.0.0.1", port), timeout_s)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname="localhost")


def pack(payload, opcode=BINARY, last=True, mask=b"\x11\x22\x33\x44"):
    """One frame as it goes over the line."""
    size = len(payload)
    head = bytes([(0x80 if last else 0) | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += bytes([0x80 | 126]) + struct.pack(">H", size)
    else:
        head += bytes([0x80 | 127]) + struct.pack(">Q", size)
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


class WebSocket:
    def __init__(self, port, certs, path="/galen", subprotocol="galen.1"):
        self.line = tls_connect(port, trusting(certs))
        self.ahead = b""
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + "dGhlIHNhbXBsZSBub25jZQ=="]
        if subprotocol:
            lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
        self.line.sendall("\r\n".join(lines + ["", ""]).encode())
        answer = self.read_until(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 101 "):
            raise Closed(int(answer.split(b" ", 2)[1]))

    def more(self):
        try:
            data = self.line.recv(65536)
        except (ConnectionError, ssl.SSLError) as error:
            raise Closed() from error
        if not data:
            raise Closed()
        self.ahead += data

    def read_until(self, end):
        while end not in self.ahead:
            self.more()
        found, self.ahead = self.ahead.split(end, 1)
        return found + end

    def read(self, size):
        while len(self.ahead) < size:
            self.more()
        taken, self.ahead = self.ahead[:size], self.ahead[size:]
        return taken

    def send(self, payload, **how):
        self.line.sendall(pack(payload, **how))

    def receive(self):
        """The next message's payload; raises Closed at the end."""
        while True:
            head = self.read(2)
            size = head[1] & 0x7F
            if size >= 126:
                size = struct.unpack(">H" if size == 126 else ">Q", self.read(2 if size == 126 else 8))[0]
            payload = self.read(size)
            if head[0] & 0x0F == CLOSE:
                raise Closed(struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None)
            if head[0] & 0x0F in (BINARY, TEXT, PONG):
                return payload

    def receive_type(self, frame_type):
        """The next message that begins with this byte."""
        while True:
            payload = self.receive()
            if payload[:1] == bytes([frame_type]):
                return payload

    def close(self):
        self.line.close()


def random_token():
    return os.urandom(8)
