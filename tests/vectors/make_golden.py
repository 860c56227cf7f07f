#!/usr/bin/env python3
"""Writes tests/vectors/golden.h: what PROTOCOL.md says about keys, labels and seals, written a second time.

Needs Debian's python3-cryptography; nothing of Galen's own. The header is kept in the repository, so the tests do not
need this program: it is for whoever changes the protocol. HPKE is checked here against RFC 9180 when the path of the
RFC's vectors is given.
"""
import hashlib
import hmac
import json
import struct
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def hkdf_expand(prk, info, size):
    out, block = b"", b""
    while len(out) < size:
        block = mac(prk, block + info + bytes([len(out) // 32 + 1]))
        out += block
    return out[:size]


def vector(content):
    size = len(content)
    if size < 0x40:
        return bytes([size]) + content
    return struct.pack(">H", 0x4000 | size) + content


def expand(secret, name, context, size=32):
    return hkdf_expand(secret, struct.pack(">H", size) + vector(b"galen " + name) + vector(context), size)


def public(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def device(material):
    """Ed25519 seed and public key, X25519 secret and public key."""
    seed, secret = expand(material, b"device sign", b""), expand(material, b"device seal", b"")
    return (seed, public(Ed25519PrivateKey.from_private_bytes(seed)),
            secret, public(X25519PrivateKey.from_private_bytes(secret)))


def sign(seed, label, message):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(vector(label) + hashlib.sha256(message).digest())


def labelled_hash(label, *parts):
    return hashlib.sha256(b"".join(vector(part) for part in (label, *parts))).digest()


KEM = b"KEM\x00\x20"
HPKE = b"HPKE\x00\x20\x00\x01\x00\x03"


def labeled_extract(suite, salt, label, ikm):
    return mac(salt, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(suite, prk, label, info, size):
    return hkdf_expand(prk, struct.pack(">H", size) + b"HPKE-v1" + suite + label + info, size)


def hpke_seal(ikm, recipient, info, aad, plaintext):
    """RFC 9180, SealBase with the ephemeral pair DeriveKeyPair(ikm)."""
    ephemeral = X25519PrivateKey.from_private_bytes(
        labeled_expand(KEM, labeled_extract(KEM, b"", b"dkp_prk", ikm), b"sk", b"", 32))
    enc = public(ephemeral)
    dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    shared = labeled_expand(KEM, labeled_extract(KEM, b"", b"eae_prk", dh), b"shared_secret", enc + recipient, 32)
    context = (b"\x00" + labeled_extract(HPKE, b"", b"psk_id_hash", b"")
               + labeled_extract(HPKE, b"", b"info_hash", info))
    secret = labeled_extract(HPKE, shared, b"secret", b"")
    key = labeled_expand(HPKE, secret, b"key", context, 32)
    nonce = labeled_expand(HPKE, secret, b"base_nonce", context, 12)
    return enc + ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def check_hpke(path):
    vectors = json.loads(Path(path).read_text())
    setup, first = ({k: bytes.fromhex(v) for k, v in part.items() if k not in ("mode", "kem_id", "kdf_id", "aead_id",
                                                                                "sequence number")}
                    for part in (vectors["setup"], vectors["encryptions"][0]))
    sealed = hpke_seal(setup["ikmE"], setup["pkRm"], setup["info"], first["aad"], first["pt"])
    assert sealed == setup["enc"] + first["ct"], "this program's HPKE is not the RFC's"


def rows():
    """The inputs are the bytes 0, 1, 2 … and the like, as tests/protocol/test_golden.c has them."""
    material, link_secret, practice = bytes(range(32)), bytes(range(16)), bytes(range(100, 132))
    epoch_key = bytes(range(200, 232))
    seed, sign_key, secret, seal_key = device(material)
    invitation = device(expand(mac(practice, link_secret), b"invitation", practice))
    device_id = labelled_hash(b"galen device id", sign_key, seal_key)
    yield "sign_seed", seed
    yield "sign_public", sign_key
    yield "seal_secret", secret
    yield "seal_public", seal_key
    yield "invitation_sign_public", invitation[1]
    yield "invitation_seal_public", invitation[3]
    yield "device_id", device_id
    yield "signature", sign(seed, b"galen entry", b"entry header")
    yield "expanded", expand(epoch_key, b"entry", bytes(range(100)), 48)
    yield "sealed_key", hpke_seal(expand(epoch_key, b"seal", device_id), seal_key, b"epoch, chart, 3", b"", epoch_key)


def main():
    if len(sys.argv) > 1:
        check_hpke(sys.argv[1])
    lines = ["/* Written by make_golden.py from PROTOCOL.md, without any of Galen's code. */",
             "#ifndef TESTS_GOLDEN_H", "#define TESTS_GOLDEN_H", "", "#include <stdint.h>", ""]
    for name, value in rows():
        lines.append(f"static const uint8_t golden_{name}[{len(value)}] = {{")
        for at in range(0, len(value), 16):
            lines.append("    " + ", ".join(f"0x{byte:02x}" for byte in value[at:at + 16]) + ",")
        lines[-1] = lines[-1][:-1] + "};"
    Path(__file__).with_name("golden.h").write_text("\n".join([*lines, "", "#endif", ""]))


main()
