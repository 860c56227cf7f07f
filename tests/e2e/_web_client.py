"""A made-up web client, in the form that web-client/build.mjs gives the real one."""
import base64
import gzip
import hashlib
import json
import random

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
