#!/usr/bin/env node
/*
 * Builds the web client: `node build.mjs [--modules DIR] [--page FILE] [--out DIR]`. Takes the modules that
 * `cmake --preset wasm` made, and makes a folder that `galend --web DIR` serves, or any web server:
 *
 *   index.html             the page; names its script and its style with their hashes (SRI)
 *   NAME-HASH.EXT          everything else; may be kept by browsers for ever
 *   licenses.txt           of what was built in
 *   manifest.json          {file: SHA-256 in base64} of all of these: what a release is recognised by
 *   FILE.br, FILE.gz       the same compressed, where that is smaller
 *
 * Two builds of the same sources are the same bytes, wherever they are made.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { uswds } from "./uswds.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const top = dirname(here);

/** What the page's code is told about a file that it loads itself (src/files.ts). */
const sri = (bytes) => "sha384-" + createHash("sha384").update(bytes).digest("base64");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

/** Files by name. Those with a hash in their name are found again by `add`'s answer. */
class Site {
    files = new Map();
    packages = new Set();

    put(name, bytes) {
        this.files.set(name, Buffer.from(bytes));
    }
    add(name, bytes) {
        const ending = extname(name);
        const hashed = `${basename(name, ending)}-${sha256(bytes).toString("hex").slice(0, 16)}${ending}`;
        this.put(hashed, bytes);
        return { url: "/" + hashed, integrity: sri(bytes) };
    }
}

/** Bundles one entry, and what its style sheets refer to. `files` is what it may load by itself. */
async function bundle(site, entry, files) {
    const made = await build({
        absWorkingDir: here,
        entryPoints: [entry],
        outdir: join(here, "out"), // written nowhere
        write: false,
        bundle: true,
        minify: true,
        format: "esm",
        target: "es2022",
        charset: "utf8",
        legalComments: "none",
        metafile: true,
        logLevel: "warning",
        jsx: "automatic",
        jsxImportSource: "preact",
        assetNames: "[name]-[hash]",
        publicPath: "/",
        loader: { ".woff2": "file", ".svg": "file", ".png": "file", ".webp": "file" },
        define: { GALEN_FILES: JSON.stringify(files) },
        plugins: [uswds(join(here, "src"))],
    });
    for (const input of Object.keys(made.metafile.inputs)) {
        const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
        if (found) site.packages.add(found[1]);
    }
    const ending = entry.endsWith(".css") ? ".css" : ".js";
    const name = basename(entry, extname(entry)) + ending;
    let main;
    for (const output of made.outputFiles) {
        const file = basename(output.path);
        if (file === name) main = output.contents;
        else if (extname(file) === ".css") throw new Error(`${entry}: styles belong to src/style.css`);
        else site.put(file, output.contents);
    }
    return site.add(name, main);
}

function licenses(packages) {
    const texts = [...packages].sort().map((name) => {
        const folder = join(here, "node_modules", name);
        const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
        const file = readdirSync(folder).sort().find((f) => /^licen[cs]e/i.test(f));
        if (!file) throw new Error(`${name} has no license file`);
        return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
    });
    return texts.join("\n" + "-".repeat(80) + "\n\n");
}

function page(script, style, icon) {
    const at = (name, { url, integrity }) => `${name}="${url}" integrity="${integrity}"`;
    const values = {
        script: at("src", script), style: at("href", style),
        icon: `href="${icon.url}"`, // browsers hold no icon to a hash
    };
    return readFileSync(join(here, "src/index.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (_, name) => {
        if (!(name in values)) throw new Error(`src/index.html: there is no {{${name}}}`);
        return values[name];
    });
}

function compressed(bytes) {
    const brotli = {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    };
    return { ".br": brotliCompressSync(bytes, { params: brotli }), ".gz": gzipSync(bytes, { level: 9 }) };
}

/** The folder is exchanged as a whole: nobody is served half of a build. */
function write(site, out) {
    const names = [...site.files.keys()].sort();
    const manifest = Object.fromEntries(names.map((n) => [n, sha256(site.files.get(n)).toString("base64")]));
    site.put("manifest.json", JSON.stringify(manifest, null, 1) + "\n");
    const fresh = `${out}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    for (const [name, bytes] of site.files) {
        writeFileSync(join(fresh, name), bytes);
        for (const [ending, smaller] of Object.entries(compressed(bytes)))
            if (smaller.length < bytes.length) writeFileSync(join(fresh, name + ending), smaller);
    }
    rmSync(out, { recursive: true, force: true });
    renameSync(fresh, out);
}

const { values: options } = parseArgs({
    options: {
        modules: { type: "string", default: join(top, "build/wasm") },
        page: { type: "string", default: join(here, "src/main.tsx") }, // tests have pages of their own
        out: { type: "string", default: join(top, "build/web") },
    },
});
const out = resolve(options.out);
const site = new Site();
const [wasm, talk] = ["galen.wasm", "talk.wasm"].map((name) => site.add(name, readFileSync(join(options.modules, name))));
const worker = await bundle(site, "src/core/worker.ts", {});
const worklet = await bundle(site, "src/audio/worklet.ts", {});
const script = await bundle(site, resolve(options.page), { wasm, talk, worker, worklet });
const style = await bundle(site, "src/style.css", {});
site.put("licenses.txt", licenses(site.packages));
const icon = site.add("icon.svg", readFileSync(join(here, "src/icon.svg")));
site.put("index.html", page(script, style, icon));
write(site, out);
const size = [...site.files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
console.log(`${relative(process.cwd(), out) || "."}: ${site.files.size} files, ${Math.round(size / 1000)} kB`);
