// Editing traces through Galen's texts, Yjs, Automerge and Loro, in one node. Prints a bench's JSON object.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";
import { pathToFileURL } from "node:url";
import path from "node:path";

const [build, wasm, peers, traces] = process.argv.slice(2);
const require = createRequire(path.join(peers, "package.json"));
const Y = await import(pathToFileURL(require.resolve("yjs")));
const A = await import(pathToFileURL(require.resolve("@automerge/automerge")));
const { LoroDoc } = await import(pathToFileURL(require.resolve("loro-crdt")));

/** Edits as {device, seen, at, deleted, inserted}; `seen` is how many of the edits before had been seen, in order. */
function readTrace(name) {
  const file = path.join(traces, `${name}.json.gz`);
  if (!existsSync(file)) throw new Error(`there is no ${file}`);
  const trace = JSON.parse(gunzipSync(readFileSync(file)));
  const own = new Map(), place = [], known = [];
  const edits = trace.txns.map((txn, i) => {
    if (txn.patches.length !== 1) throw new Error("a transaction of several patches");
    const [at, deleted, inserted] = txn.patches[0];
    if (!txn.parents) return { device: 0, seen: i, at, deleted, inserted };
    const past = new Map(); // how many edits of each device are in the past
    for (const parent of txn.parents) {
      for (const [device, n] of known[parent]) past.set(device, Math.max(past.get(device) ?? 0, n));
      const device = trace.txns[parent].agent;
      past.set(device, Math.max(past.get(device) ?? 0, place[parent] + 1));
    }
    let seen = i; // up to the first edit of somebody else that is not in it
    for (const [device, list] of own)
      if (device !== txn.agent && (past.get(device) ?? 0) < list.length)
        seen = Math.min(seen, list[past.get(device) ?? 0]);
    if (!own.has(txn.agent)) own.set(txn.agent, []);
    place.push(own.get(txn.agent).length);
    own.get(txn.agent).push(i);
    known.push(past);
    return { device: txn.agent, seen, at, deleted, inserted };
  });
  return { name, edits, text: trace.endContent };
}

const ms = (work) => {
  const start = performance.now();
  const result = work();
  return [performance.now() - start, result];
};
function best(times, work) {
  let least = Infinity, result;
  for (let i = 0; i < times; i++) {
    const [took, made] = ms(work);
    if (took < least) least = took;
    result = made;
  }
  return [least, result];
}
function demand(text, trace, who) {
  if (text !== trace.text) throw new Error(`${who}: ${trace.name} ends in another text`);
}

// -- Galen ------------------------------------------------------------------------------------------------------

const refuse = () => { throw new Error("the module asked for something"); };
const module = await WebAssembly.compile(readFileSync(path.join(wasm, "bench/text_module.wasm")));

async function galen() {
  const wanted = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (wanted[from] ??= {})[name] = refuse;
  const { exports: c } = await WebAssembly.instantiate(module, wanted);
  c._initialize?.();
  const room = 4096, at = c.bench_alloc(room), encoder = new TextEncoder(), decoder = new TextDecoder();
  const must = (err) => { if (err) throw new Error(`error ${err}`); };
  let heap = new Uint8Array(c.memory.buffer);
  const bytes = () => (heap.buffer === c.memory.buffer ? heap : (heap = new Uint8Array(c.memory.buffer)));
  const put = (text) => {
    if (text.length === 1 && text.charCodeAt(0) < 0x80) {
      bytes()[at] = text.charCodeAt(0);
      return 1;
    }
    const { read, written } = encoder.encodeInto(text, bytes().subarray(at, at + room));
    if (read !== text.length) throw new Error("too long an insertion");
    return written;
  };
  const out = () => bytes().subarray(c.bench_out(), c.bench_out() + c.bench_out_size());
  return {
    apply(edits) {
      must(c.bench_new());
      for (const e of edits) must(c.bench_apply(e.device, e.seen, e.at, e.deleted, at, put(e.inserted)));
    },
    edit: (e) => must(c.bench_apply(e.device, e.seen, e.at, e.deleted, at, put(e.inserted))),
    text: () => (must(c.bench_say()), decoder.decode(out())),
    save: () => (must(c.bench_save()), out().slice()),
    load(saved) {
      const place = c.bench_alloc(saved.length);
      bytes().set(saved, place);
      must(c.bench_load(place, saved.length));
    },
  };
}

async function ours(sequential, concurrent) {
  const g = await galen();
  const [apply_ms] = best(5, () => g.apply(sequential.edits));
  demand(g.text(), sequential, "galen");
  const [save_ms, saved] = ms(() => g.save());
  const [load_ms] = best(40, () => (g.load(saved), g.text()));
  demand(g.text(), sequential, "galen, loaded");
  const [load_and_edit_ms] = best(40, () => {
    g.load(saved);
    g.edit({ device: 1, seen: sequential.edits.length, at: 0, deleted: 0, inserted: "x" });
    return g.text();
  });
  const [merge_ms] = best(5, () => g.apply(concurrent.edits));
  demand(g.text(), concurrent, "galen, merged");
  return { apply_ms, merge_ms, load_ms, save_ms, load_and_edit_ms, encoded_bytes: saved.length };
}

function native(trace, name) {
  const file = path.join(build, "bench", `${name}.trace`), text = path.join(build, "bench", `${name}.text`);
  const parts = [];
  for (const e of trace.edits) {
    const inserted = Buffer.from(e.inserted), head = Buffer.alloc(20);
    [e.device, e.seen, e.at, e.deleted, inserted.length].forEach((n, i) => head.writeUInt32LE(n, 4 * i));
    parts.push(head, inserted);
  }
  writeFileSync(file, Buffer.concat(parts));
  writeFileSync(text, trace.text);
  return JSON.parse(execFileSync(path.join(build, "bench/text-native"), [file, text]));
}

// -- the others: one edit a transaction --------------------------------------------------------------------------

/** Makes each edit on its device's replica, which first learns what that device had seen; gives the updates. */
function makeUpdates(trace, peer) {
  const replicas = new Map(), seen = new Map(), updates = [];
  trace.edits.forEach((e, i) => {
    if (!replicas.has(e.device)) replicas.set(e.device, peer.replica(e.device));
    for (let k = seen.get(e.device) ?? 0; k < e.seen; k++)
      if (trace.edits[k].device !== e.device) peer.learn(replicas, e.device, updates[k]);
    seen.set(e.device, e.seen);
    updates[i] = peer.edit(replicas, e);
  });
  return updates;
}

function splice(text, e) {
  if (e.deleted) text.delete(e.at, e.deleted);
  if (e.inserted) text.insert(e.at, e.inserted);
}

const yjs = {
  replica(device) {
    const doc = new Y.Doc();
    doc.clientID = device + 1;
    return doc;
  },
  learn: (replicas, device, update) => Y.applyUpdate(replicas.get(device), update),
  edit(replicas, e) {
    const doc = replicas.get(e.device);
    let made;
    doc.once("update", (update) => (made = update));
    doc.transact(() => splice(doc.getText("text"), e));
    return made;
  },
};

function beside_yjs(sequential, concurrent) {
  const [apply_ms, doc] = best(2, () => {
    const doc = new Y.Doc();
    const text = doc.getText("text");
    for (const e of sequential.edits) doc.transact(() => splice(text, e));
    return doc;
  });
  demand(doc.getText("text").toString(), sequential, "yjs");
  const saved = Y.encodeStateAsUpdate(doc), compact = Y.encodeStateAsUpdateV2(doc);
  const load = (apply, bytes) => best(40, () => {
    const doc = new Y.Doc();
    apply(doc, bytes);
    return doc.getText("text").toString();
  });
  const [load_v1_ms, text] = load(Y.applyUpdate, saved), [load_v2_ms] = load(Y.applyUpdateV2, compact);
  demand(text, sequential, "yjs, loaded");
  const updates = makeUpdates(concurrent, yjs), all = Y.mergeUpdates(updates);
  const [one_by_one_ms] = best(3, () => {
    const doc = new Y.Doc();
    for (const update of updates) Y.applyUpdate(doc, update);
    return doc;
  });
  const [at_once_ms] = best(3, () => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, all);
    return doc.getText("text").toString();
  });
  return { apply_ms, load_ms: Math.min(load_v1_ms, load_v2_ms), merge_ms: one_by_one_ms, merge_at_once_ms: at_once_ms,
           encoded_bytes: Math.min(saved.length, compact.length) };
}

const loro = {
  replica(device) {
    const doc = new LoroDoc();
    doc.setPeerId(BigInt(device + 1));
    return doc;
  },
  learn: (replicas, device, update) => replicas.get(device).import(update),
  edit(replicas, e) {
    const doc = replicas.get(e.device), before = doc.version();
    splice(doc.getText("text"), e);
    doc.commit();
    return doc.export({ mode: "update", from: before });
  },
};

function beside_loro(sequential, concurrent) {
  const [apply_ms, doc] = best(2, () => {
    const doc = new LoroDoc();
    const text = doc.getText("text");
    for (const e of sequential.edits) {
      splice(text, e);
      doc.commit();
    }
    return doc;
  });
  demand(doc.getText("text").toString(), sequential, "loro");
  const saved = doc.export({ mode: "snapshot" });
  const [load_ms, text] = best(40, () => {
    const doc = new LoroDoc();
    doc.import(saved);
    return doc.getText("text").toString();
  });
  demand(text, sequential, "loro, loaded");
  const updates = makeUpdates(concurrent, loro);
  const [merge_ms] = best(2, () => {
    const doc = new LoroDoc();
    for (const update of updates) doc.import(update);
    return doc.getText("text").toString();
  });
  const [merge_at_once_ms] = best(3, () => {
    const doc = new LoroDoc();
    doc.importBatch(updates);
    return doc.getText("text").toString();
  });
  return { apply_ms, load_ms, merge_ms, merge_at_once_ms, encoded_bytes: saved.length };
}

const automerge = {
  first: A.change(A.init({ actor: "ff" }), { time: 0 }, (d) => { d.text = ""; }),
  replica(device) {
    return A.clone(this.first, { actor: `0${device + 1}` });
  },
  learn(replicas, device, update) {
    replicas.set(device, A.applyChanges(replicas.get(device), [update])[0]);
  },
  edit(replicas, e) {
    const doc = A.change(replicas.get(e.device), (d) => A.splice(d, ["text"], e.at, e.deleted, e.inserted));
    replicas.set(e.device, doc);
    return A.getLastLocalChange(doc);
  },
};

function beside_automerge(sequential, concurrent) {
  const [apply_ms, doc] = ms(() => {
    let doc = A.from({ text: "" });
    for (const e of sequential.edits)
      doc = A.change(doc, (d) => A.splice(d, ["text"], e.at, e.deleted, e.inserted));
    return doc;
  });
  demand(doc.text, sequential, "automerge");
  const saved = A.save(doc);
  const [load_ms, text] = best(3, () => A.load(saved).text);
  demand(text, sequential, "automerge, loaded");
  const updates = makeUpdates(concurrent, automerge);
  const [merge_ms] = ms(() => {
    let doc = A.clone(automerge.first);
    for (const update of updates) [doc] = A.applyChanges(doc, [update]);
    return doc.text;
  });
  const [merge_at_once_ms] = best(2, () => A.applyChanges(A.clone(automerge.first), updates)[0].text);
  return { apply_ms, load_ms, merge_ms, merge_at_once_ms, encoded_bytes: saved.length };
}

// -- all of it ---------------------------------------------------------------------------------------------------

const sequential = readTrace("sequential-automerge-paper"), concurrent = readTrace("concurrent-friendsforever");
const wasmed = await ours(sequential, concurrent);
const plain = { apply: native(sequential, "paper"), merge: native(concurrent, "friends") };
const beside = {
  yjs: beside_yjs(sequential, concurrent),
  loro: beside_loro(sequential, concurrent),
  automerge: beside_automerge(sequential, concurrent),
};
const ratios = {};
for (const what of ["apply", "load", "merge"])
  for (const [name, theirs] of Object.entries(beside)) {
    const their_ms = what === "merge" ? Math.min(theirs.merge_ms, theirs.merge_at_once_ms) : theirs[`${what}_ms`];
    ratios[`wasm_${what}_vs_${name}`] = wasmed[`${what}_ms`] / their_ms;
  }
ratios.native_apply_vs_yjs = plain.apply.apply_ms / beside.yjs.apply_ms;
ratios.encoded_kb = wasmed.encoded_bytes / 1000;
const round = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) =>
  [key, typeof value === "number" ? Number(value.toPrecision(4)) : round(value)]));
console.log(JSON.stringify({ bench: "text", ours: round({ wasm: wasmed, native: plain }), beside: round(beside),
                             ratios: round(ratios) }));
