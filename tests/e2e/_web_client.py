"""A made-up web client, in the form that web-client/build.mjs gives the real one."""
import base64
import gzip
import hashlib
import http.server
import json
import random
import ssl
import threading

INDEX, SCRIPT, STYLE, MODULE = "index.html", "main-%s.js", "style-%s.css", "galen-%s.wasm"


def brotli(data):
    """A brotli stream (RFC 7932) that compresses nothing: one uncompressed meta-block after another."""
    out, header, bits = bytearray(), 0, 1  # the window: one bit, 0
    for at in range(0, len(data), 65536):
        piece = data[at:at + 65536]
        for value, size in ((0, 1), (0, 2), (len(piece) - 1, 16), (1, 1)):
            header |= value << bits
            bits += size
        out += header.to_bytes((bits + 7) // 8, "little") + piece
        header = bits = 0
    return bytes(out + bytes([header | 3 << bits]))


def sri(data):
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def hashed(name, data):
    return name % hashlib.sha256(data).hexdigest()[:16]


def manifest_of(files):
    return {name: base64.b64encode(hashlib.sha256(data).digest()).decode() for name, data in sorted(files.items())}


def write(folder, files, compressed=True):
    """Writes files, their compressed forms and the manifest."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    listed = json.dumps(manifest_of(files), indent=1).encode()
    for name, data in {**files, "manifest.json": listed}.items():
        (folder / name).write_bytes(data)
        if compressed and not name.endswith(".wasm"):
            (folder / f"{name}.gz").write_bytes(gzip.compress(data, mtime=0))
            (folder / f"{name}.br").write_bytes(brotli(data))
    return files


def make(folder, version="one", module_bytes=20000):
    """A client that differs in every file from one version to the next. Returns {name: bytes}."""
    script = f"console.log({version!r});\n".encode() * 200
    style = f"body{{content:{version!r}}}\n".encode() * 200
    module = b"\0asm" + random.Random(version).randbytes(module_bytes)
    names = [hashed(SCRIPT, script), hashed(STYLE, style), hashed(MODULE, module)]
    page = (f'<!doctype html>\n<html lang="en">\n<title>Galen</title>\n'
            f'<link rel="stylesheet" href="/{names[1]}" integrity="{sri(style)}">\n'
            f'<script type="module" src="/{names[0]}" integrity="{sri(script)}"></script>\n').encode()
    files = {INDEX: page, names[0]: script, names[1]: style, names[2]: module, "licenses.txt": b"free\n"}
    return write(folder, files)


PAGES = ("/", "/join", f"/{INDEX}")


class Host:
    """A web server that serves exactly these bytes by path and coding: {"/x": b"…", ("/x", "br"): b"…"},
    under these headers: {"/x": {"link": "…"}}."""

    def __init__(self, certs, answers):
        host = self
        self.answers = answers
        self.headers = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # an answer goes out whole

            def do_GET(self):
                coding = self.headers.get("accept-encoding", "")
                content = host.answers.get((self.path, coding))
                coded = content is not None
                content = content if coded else host.answers.get(self.path)
                self.send_response(200 if content is not None else 404)
                if coded:
                    self.send_header("content-encoding", coding)
                headers = {"content-type": "text/html" if self.path in PAGES else "text/plain"}
                for name, value in {**headers, **host.headers.get(self.path, {})}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # who had enough of an answer just goes
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certs / "server.pem", certs / "server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def answers(files):
    """What an honest host serves of a client."""
    listed = json.dumps(manifest_of(files)).encode()
    return {**{f"/{name}": data for name, data in files.items()}, "/manifest.json": listed,
            "/": files[INDEX], "/join": files[INDEX]}
