/** What web-client/build.mjs makes: the same bytes everywhere, each file named by its hash and held to it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { top } from "./_load.mjs";

const modules = join(top, "build/wasm");
const skip = existsSync(join(modules, "talk.wasm")) ? false : `${modules} is not built`;
const folder = mkdtempSync(join(tmpdir(), "galen-build-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const [here, there] = [join(folder, "here"), join(folder, "deep/er/there")];
const build = (source, out) => execFileSync(process.execPath, [join(source, "build.mjs"), "--modules", modules, "--out", out]);
const read = (name) => readFileSync(join(here, name));
const hash = (kind, bytes, form) => createHash(kind).update(bytes).digest(form);

test("two builds in two folders are the same bytes", { skip }, () => {
    build(join(top, "web-client"), here);
    const copy = join(folder, "copy/of/web-client");
    cpSync(join(top, "web-client"), copy, { recursive: true, filter: (path) => !path.includes("node_modules") });
    symlinkSync(join(top, "web-client/node_modules"), join(copy, "node_modules"));
    build(copy, there);
    assert.deepEqual(readdirSync(there), readdirSync(here));
    for (const name of readdirSync(here)) assert.ok(read(name).equals(readFileSync(join(there, name))), name);
});

test("the manifest lists every file with its hash, and the name of each but the page's carries it", { skip }, () => {
    const manifest = JSON.parse(read("manifest.json"));
    const names = readdirSync(here).filter((n) => !/\.(br|gz)$/.test(n) && n !== "manifest.json");
    assert.deepEqual(Object.keys(manifest), names.sort());
    for (const [name, sum] of Object.entries(manifest)) {
        assert.equal(sum, hash("sha256", read(name), "base64"), name);
        if (["index.html", "licenses.txt"].includes(name)) continue;
        const [, carried] = /^[\w-]+-(\w+)\.\w+$/.exec(name);
        if (/^[0-9a-f]{16}$/.test(carried)) assert.equal(carried, hash("sha256", read(name), "hex").slice(0, 16), name);
        else assert.match(carried, /^[0-9A-Z]{8}$/, name);
    }
});

test("the page and its script hold what they load to its hash", { skip }, () => {
    const page = read("index.html").toString();
    const loaded = [...page.matchAll(/(?:src|href)="\/([^"]+)" integrity="([^"]+)"/g)];
    assert.deepEqual(loaded.map(([, name]) => name.split("-")[0]).sort(), ["main", "style"]);
    assert.equal((page.match(/<script|<link/g) ?? []).length, 3, "and an icon, which browsers hold to no hash");
    assert.match(page, /<link rel="icon" type="image\/svg\+xml" href="\/icon-[0-9a-f]{16}\.svg">/);
    const script = read(loaded.find(([, name]) => name.startsWith("main-"))[1]).toString();
    const late = readdirSync(here).filter((n) => /^(worker|worklet|galen|talk)-\w+\.(js|wasm)$/.test(n));
    assert.equal(late.length, 4);
    for (const [, name, integrity] of [...loaded, ...late.map((n) => [0, n, "sha384-" + hash("sha384", read(n), "base64")])])
        assert.equal(integrity, "sha384-" + hash("sha384", read(name), "base64"), name);
    for (const name of late) assert.ok(script.includes(hash("sha384", read(name), "base64")), name);
});

test("compressed copies are the same and smaller", { skip }, () => {
    const copies = readdirSync(here).filter((n) => /\.(br|gz)$/.test(n));
    assert.ok(copies.length >= 8);
    for (const copy of copies) {
        const [plain, packed] = [read(copy.slice(0, -3)), read(copy)];
        assert.ok((copy.endsWith(".br") ? brotliDecompressSync : gunzipSync)(packed).equals(plain), copy);
        assert.ok(packed.length < plain.length, copy);
    }
});

test("versions are exact, and the lock file names no address", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(top, "web-client/package.json")));
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
        assert.match(version, /^\d+\.\d+\.\d+$/, name);
    const lock = readFileSync(join(top, "web-client/package-lock.json"), "utf8");
    assert.doesNotMatch(lock, /"resolved"/);
    for (const [path, { integrity }] of Object.entries(JSON.parse(lock).packages)) if (path) assert.match(integrity, /^sha512-/, path);
});
