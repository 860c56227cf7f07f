// Runs the tests of one module (tests/wasm/criterion/criterion.h), each in an instance of its own.
//
//   node tests/wasm/run.mjs MODULE [--json=FILE] [--filter PATTERN]
//
// The pattern is SUITE/TEST with * in it. The report has the form of Criterion's. Exit status 1: something failed.
import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { Memory } from "./memory.mjs";
import { openssl } from "./openssl.mjs";
import { wasi } from "./wasi.mjs";

/** Thrown through the module to end a test. */
class Ended extends Error {}

function runTest(module, name) {
  const memory = new Memory();
  const printed = [];
  const verdict = { status: "PASSED", messages: [] };
  let expectsAbort = false;
  const criterion = {
    expect_abort() {
      expectsAbort = true;
    },
    failed(message) {
      verdict.status = "FAILED";
      verdict.messages.push(memory.text(message));
    },
    skip(message) {
      verdict.status = "SKIPPED";
      verdict.messages.push(memory.text(message));
      throw new Ended();
    },
    end() {
      throw new Ended();
    },
  };
  const fail = (message) => {
    verdict.status = "FAILED";
    verdict.messages.push(message);
  };
  const vectors = process.env.GALEN_VECTORS;
  const environment = vectors ? { GALEN_VECTORS: path.resolve(vectors) } : {};
  memory.instance = new WebAssembly.Instance(module, {
    wasi_snapshot_preview1: wasi(memory, (bytes) => printed.push(bytes), environment),
    openssl: openssl(memory),
    criterion,
  });
  try {
    memory.instance.exports._initialize();
    memory.instance.exports[`test ${name}`]();
    if (expectsAbort) fail("did not abort");
  } catch (error) {
    const aborted = error instanceof WebAssembly.RuntimeError;
    if (!(error instanceof Ended) && !(aborted && expectsAbort)) fail(String(error.stack));
  }
  if (verdict.status === "FAILED") verdict.printed = Buffer.concat(printed).toString();
  return verdict;
}

const { values, positionals } = parseArgs({
  options: { json: { type: "string" }, filter: { type: "string", default: "*" } },
  allowPositionals: true,
});
const pattern = new RegExp("^" + values.filter.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*") + "$");
const module = new WebAssembly.Module(fs.readFileSync(positionals[0]));
const names = WebAssembly.Module.exports(module).map((e) => e.name).filter((name) => name.startsWith("test "));
const suites = new Map();
let failed = 0;
for (const name of names.map((name) => name.slice(5)).filter((name) => pattern.test(name))) {
  const [suite, test] = name.split("/");
  const { status, messages, printed } = runTest(module, name);
  suites.set(suite, [...(suites.get(suite) ?? []), { name: test, status, messages }]);
  if (status === "FAILED") {
    failed++;
    console.log([`FAILED ${name}`, ...messages, printed].join("\n    "));
  }
}
if (values.json) {
  const report = { test_suites: [...suites].map(([name, tests]) => ({ name, tests })) };
  fs.writeFileSync(values.json, JSON.stringify(report));
}
process.exitCode = failed ? 1 : 0;
