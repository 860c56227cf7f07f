// As much of WASI (snapshot preview 1) as the tests' modules ask for: entropy, what they print, and files of this
// machine to read. Calls that nobody needs are refused.
import * as fs from "node:fs";
import { randomFillSync } from "node:crypto";

const OK = 0;
const BADF = 8;
const NOENT = 44;
const NOSYS = 52;
const ROOT = 3; // the preopened folder "/"
const DIRECTORY = 3;
const REGULAR = 4;
const CHARACTERS = 2;

/** `print` gets the bytes of standard output and standard error; `environment` is an object. */
export function wasi(memory, print, environment) {
  const files = new Map(); // descriptor -> {content, at}
  const variables = Object.entries(environment).map(([name, value]) => Buffer.from(`${name}=${value}\0`));
  let nextDescriptor = ROOT + 1;

  const pieces = (at, count) => Array.from({ length: count }, (_, i) => memory.span(at + 8 * i));

  function pathOpen(folder, _follow, path, pathSize, _how, _rights, _inherited, _flags, out) {
    const name = "/" + Buffer.from(memory.bytes(path, pathSize)).toString();
    if (folder !== ROOT || !fs.existsSync(name)) return NOENT;
    files.set(nextDescriptor, { content: fs.readFileSync(name), at: 0 });
    memory.setU32(out, nextDescriptor++);
    return OK;
  }

  function read(descriptor, at, count, out) {
    const file = files.get(descriptor);
    if (!file) return BADF;
    let total = 0;
    for (const piece of pieces(at, count)) {
      const some = file.content.subarray(file.at, file.at + piece.length);
      piece.set(some);
      file.at += some.length;
      total += some.length;
    }
    memory.setU32(out, total);
    return OK;
  }

  function write(descriptor, at, count, out) {
    if (descriptor !== 1 && descriptor !== 2) return BADF;
    const all = Buffer.concat(pieces(at, count));
    print(all);
    memory.setU32(out, all.length);
    return OK;
  }

  function seek(descriptor, offset, whence, out) {
    const file = files.get(descriptor);
    if (!file) return BADF;
    file.at = Number(offset) + [0, file.at, file.content.length][whence];
    memory.setU64(out, BigInt(file.at));
    return OK;
  }

  /** The file's kind, and every right. */
  function describe(descriptor, out) {
    const kind = descriptor < ROOT ? CHARACTERS : descriptor === ROOT ? DIRECTORY : REGULAR;
    if (kind === REGULAR && !files.has(descriptor)) return BADF;
    memory.bytes(out, 24).fill(0);
    memory.setU32(out, kind);
    memory.setU64(out + 8, 0xffffffffffffffffn);
    memory.setU64(out + 16, 0xffffffffffffffffn);
    return OK;
  }

  function preopened(descriptor, out) {
    if (descriptor !== ROOT) return BADF;
    memory.setU32(out, 0);
    memory.setU32(out + 4, 1);
    return OK;
  }

  const calls = {
    random_get: (at, size) => (randomFillSync(memory.bytes(at, size)), OK),
    path_open: pathOpen,
    fd_read: read,
    fd_write: write,
    fd_seek: seek,
    fd_close: (descriptor) => (files.delete(descriptor) ? OK : BADF),
    fd_fdstat_get: describe,
    fd_fdstat_set_flags: () => NOSYS,
    fd_prestat_get: preopened,
    fd_prestat_dir_name: (_descriptor, at) => (memory.bytes(at, 1).set(Buffer.from("/")), OK),
    environ_sizes_get(count, size) {
      memory.setU32(count, variables.length);
      memory.setU32(size, variables.reduce((sum, text) => sum + text.length, 0));
      return OK;
    },
    environ_get(pointers, at) {
      for (const text of variables) {
        memory.setU32(pointers, at);
        memory.bytes(at, text.length).set(text);
        pointers += 4;
        at += text.length;
      }
      return OK;
    },
    proc_exit(status) {
      throw new Error(`the test ended its program with status ${status}`);
    },
  };
  return calls;
}
