// The imports "openssl" of primitives.c: node's own cryptography, which is OpenSSL's.
import * as crypto from "node:crypto";

const OID_LAST = { ed25519: 0x70, x25519: 0x6e }; // RFC 8410: 1.3.101.112 and .110

function publicKey(kind, raw) {
  const head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, OID_LAST[kind], 0x03, 0x21, 0x00];
  return crypto.createPublicKey({ key: Buffer.concat([Buffer.from(head), raw]), format: "der", type: "spki" });
}

function privateKey(kind, raw) {
  const head = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, OID_LAST[kind], 0x04, 0x22, 0x04, 0x20];
  return crypto.createPrivateKey({ key: Buffer.concat([Buffer.from(head), raw]), format: "der", type: "pkcs8" });
}

function publicHalf(kind, secret) {
  return crypto.createPublicKey(privateKey(kind, secret)).export({ format: "der", type: "spki" }).subarray(12);
}

function hmac(digest, key, ...parts) {
  const h = crypto.createHmac(digest, key);
  for (const part of parts) h.update(part);
  return h.digest();
}

/** RFC 5869 section 2.3; null for more than it can give. */
function expand(digest, secret, info, n) {
  let block = Buffer.alloc(0);
  let out = Buffer.alloc(0);
  for (let i = 1; out.length < n; i++) {
    if (i > 255) return null;
    block = hmac(digest, secret, block, info, Buffer.from([i]));
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, n);
}

/** Writes `value` to `at`; says whether there was one. */
function put(memory, at, value) {
  if (value) memory.bytes(at, value.length).set(value);
  return value ? 1 : 0;
}

/** Null where OpenSSL refuses, by whatever error. */
function attempt(compute) {
  try {
    return compute();
  } catch {
    return null;
  }
}

function hkdf(what, digest, key, salt, info, n) {
  if (what === 0) return attempt(() => Buffer.from(crypto.hkdfSync(digest, key, salt, info, n)));
  return what === 1 ? hmac(digest, salt, key) : expand(digest, key, info, n);
}

function encrypt(name, key, nonce, aad, plain) {
  const isAead = nonce.length === 12;
  const cipher = crypto.createCipheriv(name, key, nonce, isAead ? { authTagLength: 16 } : undefined);
  if (isAead) cipher.setAAD(aad, { plaintextLength: plain.length });
  const out = [cipher.update(plain), cipher.final()];
  return Buffer.concat(isAead ? [...out, cipher.getAuthTag()] : out);
}

function decrypt(name, key, nonce, aad, sealed) {
  const decipher = crypto.createDecipheriv(name, key, nonce, { authTagLength: 16 });
  const size = sealed.length - 16;
  decipher.setAAD(aad, { plaintextLength: size });
  decipher.setAuthTag(sealed.subarray(size));
  const out = decipher.update(sealed.subarray(0, size));
  return attempt(() => Buffer.concat([out, decipher.final()]));
}

/** The functions that primitives.c imports, on this memory. */
export function openssl(memory) {
  return {
    sha256(parts, count, out) {
      const hash = crypto.createHash("sha256");
      for (let i = 0; i < count; i++) hash.update(memory.span(parts + 8 * i));
      put(memory, out, hash.digest());
    },
    ed25519_verify: (key, message, signature) =>
      crypto.verify(null, memory.span(message), publicKey("ed25519", memory.bytes(key, 32)),
        memory.bytes(signature, 64)) ? 1 : 0,
    ed25519_sign: (seed, message, out) =>
      void put(memory, out, crypto.sign(null, memory.span(message), privateKey("ed25519", memory.bytes(seed, 32)))),
    ed25519_public: (seed, out) => void put(memory, out, publicHalf("ed25519", memory.bytes(seed, 32))),
    x25519_public: (secret, out) => void put(memory, out, publicHalf("x25519", memory.bytes(secret, 32))),
    x25519(secret, other, out) {
      const pair = {
        privateKey: privateKey("x25519", memory.bytes(secret, 32)),
        publicKey: publicKey("x25519", memory.bytes(other, 32)),
      };
      return put(memory, out, attempt(() => crypto.diffieHellman(pair)));
    },
    hkdf: (what, digest, key, salt, info, out, n) =>
      put(memory, out, hkdf(what, memory.text(digest), memory.span(key), memory.span(salt), memory.span(info), n)),
    hmac_sha256: (key, message, out) => void put(memory, out, hmac("sha256", memory.span(key), memory.span(message))),
    encrypt(name, key, nonce, aad, plain, out) {
      const sealed = encrypt(memory.text(name), memory.span(key), memory.span(nonce), memory.span(aad), memory.span(plain));
      put(memory, out, sealed);
      return sealed.length;
    },
    decrypt: (name, key, nonce, aad, sealed, out) =>
      put(memory, out, decrypt(memory.text(name), memory.span(key), memory.span(nonce), memory.span(aad), memory.span(sealed))),
  };
}
