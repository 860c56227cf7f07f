// Holds galen.wasm against this machine's builds of the same sources, call by call.
//
//   node tests/wasm/scripts.mjs --module=FILE --seed=N --steps=N PROGRAM...
//
// Each PROGRAM (tests/scripts) runs the same script of several homes and writes down every call of a module: what was
// given to it, the random bytes that it drew, and all that came out. Those of all programs must be the same; and
// a home's own instance of galen.wasm, given the same, must give the same. Says where the first difference is, with
// both; exit status 1. Otherwise what came about in the script, as JSON.
import * as fs from "node:fs";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { Memory } from "./memory.mjs";
import { wasi } from "./wasi.mjs";

// As in tests/scripts/scripts.h.
const CALLS = ["", "open", "load", "start", "connected", "received", "disconnected", "tick", "awake", "speak", "ask",
  "failure", "close", "end"];
const COUNTED = new Set(["start", "connected", "received", "disconnected", "tick", "awake", "speak", "ask", "failure"]);
const KINDS = ["", "SAVE", "COMMIT", "CONNECT", "DISCONNECT", "SEND", "EVENT", "VOICE"]; // galen_wasm.h
const SHOWN = 400; // bytes of a value

class Difference extends Error {}

// -- what was written down ------------------------------------------------------------------------------------------

/** The numbers and byte strings of a buffer, one after the other. */
class Reader {
  constructor(buffer) {
    this.buffer = buffer;
    this.at = 0;
  }
  get isEmpty() {
    return this.at === this.buffer.length;
  }
  u8() {
    return this.buffer[this.at++];
  }
  u32() {
    this.at += 4;
    return this.buffer.readUInt32LE(this.at - 4);
  }
  f64() {
    this.at += 8;
    return this.buffer.readDoubleLE(this.at - 8);
  }
  bytes() {
    const size = this.u32();
    this.at += size;
    return this.buffer.subarray(this.at - size, this.at);
  }
}

function readGiven(buffer) {
  const r = new Reader(buffer);
  return {
    call: CALLS[r.u8()], home: r.u8(), take: r.u32(), number: r.u32(), nowMs: r.f64(),
    first: r.bytes(), second: r.bytes(), drawn: r.bytes(),
  };
}

/** A program's records as it writes them: pairs of what was given, and what came of it. */
class Records {
  #waiting = [];
  #size = 0;
  #chunks;
  #process;

  constructor(program, seed, steps) {
    this.name = program;
    this.#process = spawn(program, [seed, steps], { stdio: ["ignore", "pipe", "inherit"] });
    this.ended = new Promise((resolve, reject) => {
      this.#process.on("error", reject);
      this.#process.on("close", (status, signal) => resolve(signal ?? status));
    });
    this.ended.catch(() => {}); // told where it is awaited
    this.#chunks = this.#process.stdout[Symbol.asyncIterator]();
  }

  async #bytes(size) {
    while (this.#size < size) {
      const { value, done } = await this.#chunks.next();
      if (done) throw new Error(`${this.name} ended (${await this.ended}) within its script`);
      this.#waiting.push(value);
      this.#size += value.length;
    }
    const all = this.#waiting.length === 1 ? this.#waiting[0] : Buffer.concat(this.#waiting);
    this.#waiting = [all.subarray(size)];
    this.#size -= size;
    return all.subarray(0, size);
  }

  async next() {
    const given = await this.#bytes((await this.#bytes(4)).readUInt32LE());
    const gave = await this.#bytes((await this.#bytes(4)).readUInt32LE());
    return { given, gave };
  }

  stop() {
    this.#process.kill();
  }
}

// -- galen.wasm -----------------------------------------------------------------------------------------------------

function u32(value) {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return buffer;
}

function f64(value) {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return buffer;
}

const sized = (bytes) => Buffer.concat([u32(bytes.length), bytes]);

/** One home's instance. */
class Home {
  #memory = new Memory();
  #drawn = null; // what the call that is under way may draw; null: anything
  #printed = [];

  constructor(module, storeKey) {
    this.#memory.instance = new WebAssembly.Instance(module, {
      wasi_snapshot_preview1: {
        ...wasi(this.#memory, (bytes) => this.#printed.push(bytes), {}),
        random_get: (at, size) => this.#draw(at, size),
      },
    });
    this.exports._initialize();
    // What libsodium draws when it starts is nobody's business.
    this.#with(storeKey, (at) => this.exports.galen_open(at));
    this.exports.galen_close();
  }

  get exports() {
    return this.#memory.instance.exports;
  }

  #draw(at, size) {
    const out = this.#memory.bytes(at, size);
    if (!this.#drawn) {
      out.fill(0);
      return 0;
    }
    if (this.#drawn.length < size) throw new Difference(`draws ${size - this.#drawn.length} random bytes more`);
    out.set(this.#drawn.subarray(0, size));
    this.#drawn = this.#drawn.subarray(size);
    return 0;
  }

  /** With the bytes in the module's memory. */
  #with(bytes, use) {
    const at = this.exports.galen_alloc(bytes.length);
    this.#memory.bytes(at, bytes.length).set(bytes);
    const result = use(at);
    this.exports.galen_release(at);
    return result;
  }

  #copy(at, size) {
    return Buffer.from(this.#memory.bytes(at, size)); // a copy: memory moves
  }

  #reply(at) {
    const bytes = this.#copy(this.#memory.u32(at + 4), this.#memory.u32(at + 8));
    return Buffer.concat([u32(this.#memory.u32(at)), sized(bytes)]);
  }

  #answer(g) {
    const { exports } = this;
    const given = (use) => this.#with(g.first, (at) => use(at, g.first.length));
    const nothing = Buffer.alloc(0);
    switch (g.call) {
      case "open": return u32(given((at) => exports.galen_open(at)));
      case "load":
        return u32(given((at, size) =>
          this.#with(g.second, (value) => exports.galen_load(at, size, value, g.second.length))));
      case "start": return u32(exports.galen_start(g.nowMs));
      case "connected": return exports.galen_connected(g.nowMs, g.number), nothing;
      case "received": return given((at, size) => exports.galen_received(g.nowMs, g.number, at, size)), nothing;
      case "disconnected": return exports.galen_disconnected(g.nowMs, g.number), nothing;
      case "tick": return f64(exports.galen_tick(g.nowMs));
      case "awake": return exports.galen_awake(), nothing;
      case "speak": return u32(given((at, size) => exports.galen_speak(g.nowMs, at, size)));
      case "ask": return given((at, size) => this.#reply(exports.galen_ask(g.nowMs, at, size)));
      case "failure": return this.#reply(exports.galen_failure(g.number));
      case "close": return exports.galen_close(), nothing;
      default: throw new Error(`there is no call ${g.call}`);
    }
  }

  #output(at) {
    const [kind, purpose, key, keySize, value, valueSize, low, high] =
      Array.from({ length: 8 }, (_, i) => this.#memory.u32(at + 4 * i));
    return [u32(kind), u32(purpose), sized(this.#copy(key, keySize)), sized(this.#copy(value, valueSize)),
      u32(low), u32(high)];
  }

  /** Makes the call; gives what came out, in the form of the programs' records, and how much was not drawn. */
  make(given) {
    this.#drawn = given.drawn;
    try {
      const parts = [this.#answer(given)];
      for (let i = 0, at; i < given.take && (at = this.exports.galen_next()) !== 0; i++) parts.push(...this.#output(at));
      return { gave: Buffer.concat(parts), undrawn: this.#drawn.length };
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      throw new Difference(`${error.message} ${Buffer.concat(this.#printed)}`);
    } finally {
      this.#drawn = null;
    }
  }
}

// -- telling --------------------------------------------------------------------------------------------------------

function shown(bytes) {
  const text = bytes.toString();
  const isText = Buffer.from(text).equals(bytes) && !/[\0-\x08\x0e-\x1f]/.test(text);
  const all = isText ? text : bytes.toString("hex");
  return all.length > SHOWN ? `${all.slice(0, SHOWN)}… (${bytes.length} bytes)` : all;
}

/** What a call gave, a line for each output. */
function described(call, gave) {
  const r = new Reader(gave);
  const lines = [];
  if (call === "tick") lines.push(`deadline ${r.f64()}`);
  if (["open", "load", "start", "speak"].includes(call)) lines.push(`error ${r.u32()}`);
  if (["ask", "failure"].includes(call)) lines.push(`error ${r.u32()}: ${shown(r.bytes())}`);
  while (!r.isEmpty) {
    const [kind, purpose] = [r.u32(), r.u32()];
    const [key, value] = [shown(r.bytes()), shown(r.bytes())];
    lines.push(`${KINDS[kind] ?? kind} ${purpose} ${key} ${value} ${r.u32()} ${r.u32()}`);
  }
  return lines;
}

/** What differs of what came out, from the first line that does. */
function compared(call, names, outputs) {
  const lines = outputs.map((output) => described(call, output));
  const same = lines[0].findIndex((line, i) => line !== lines[1][i]);
  const from = same < 0 ? Math.min(lines[0].length, lines[1].length) : same;
  return names.map((name, i) => `  ${name}:\n    ${lines[i].slice(from, from + 3).join("\n    ") || "nothing more"}`);
}

function told(step, given, lines) {
  const what = shown(given.first);
  return new Difference([`differs at step ${step}: ${given.call} (home ${given.home}, at ${given.nowMs} ms) ${what}`,
    ...lines].join("\n"));
}

// -- all of it ------------------------------------------------------------------------------------------------------

async function compare(module, programs) {
  const homes = new Map();
  const hash = createHash("sha256");
  for (let step = 0; ; ) {
    const [one, ...others] = await Promise.all(programs.map((program) => program.next()));
    const given = readGiven(one.given);
    hash.update(one.given).update(one.gave);
    if (COUNTED.has(given.call)) step++;
    for (const [i, other] of others.entries()) {
      const names = [programs[0].name, programs[i + 1].name];
      if (!one.given.equals(other.given))
        throw told(step, given, [`  ${names[1]}: ${JSON.stringify(readGiven(other.given))}`]);
      if (!one.gave.equals(other.gave)) throw told(step, given, compared(given.call, names, [one.gave, other.gave]));
    }
    if (given.call === "end") return { ...JSON.parse(given.first), hash: hash.digest("hex") };
    if (given.call === "open" && given.number === 1) homes.set(given.home, new Home(module, given.first));
    let gave, undrawn;
    try {
      ({ gave, undrawn } = homes.get(given.home).make(given));
    } catch (error) {
      if (!(error instanceof Difference)) throw error;
      throw told(step, given, [`  galen.wasm ${error.message}`]);
    }
    if (!one.gave.equals(gave))
      throw told(step, given, compared(given.call, [programs[0].name, "galen.wasm"], [one.gave, gave]));
    if (undrawn > 0) throw told(step, given, [`  galen.wasm draws ${undrawn} random bytes less`]);
  }
}

const { values, positionals } = parseArgs({
  options: { module: { type: "string" }, seed: { type: "string" }, steps: { type: "string" } },
  allowPositionals: true,
});
const module = new WebAssembly.Module(fs.readFileSync(values.module));
const programs = positionals.map((program) => new Records(program, values.seed, values.steps));
try {
  console.log(JSON.stringify(await compare(module, programs)));
  for (const program of programs) {
    const status = await program.ended;
    if (status !== 0) throw new Difference(`${program.name} ended with ${status}`);
  }
} catch (error) {
  if (!(error instanceof Difference)) throw error;
  console.log(error.message);
  process.exitCode = 1;
} finally {
  for (const program of programs) program.stop();
}
