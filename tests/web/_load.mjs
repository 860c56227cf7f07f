/** The web client's modules for tests in node: bundled as the build does, without what only a build knows. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export const top = fileURLToPath(new URL("../..", import.meta.url));
/** Packages are those of the web client. */
export const require = createRequire(`${top}web-client/package.json`);

/** Imports web-client/src/NAME. */
export async function source(name) {
    const { outputFiles } = await require("esbuild").build({
        entryPoints: [`${top}web-client/src/${name}`],
        bundle: true,
        write: false,
        format: "esm",
        target: "es2022",
        define: { GALEN_FILES: "{}" },
        logLevel: "warning",
    });
    return import("data:text/javascript;base64," + Buffer.from(outputFiles[0].contents).toString("base64"));
}

/** Waits until `found` gives something true, and returns that. */
export async function until(what, found, ms = 5000) {
    for (const end = Date.now() + ms; ; ) {
        const it = await found();
        if (it) return it;
        if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
}

/** Takes the place of setTimeout until the test ends; `tick` lets time pass. */
export function timers(t) {
    const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
    t.after(() => Object.assign(globalThis, real));
    let now = 0, last = 0;
    const set = new Map();
    globalThis.setTimeout = (what, ms) => (set.set(++last, { what, at: now + ms }), last);
    globalThis.clearTimeout = (number) => void set.delete(number);
    return {
        tick(ms) {
            now += ms;
            for (const [number, { what, at }] of [...set])
                if (at <= now && set.delete(number)) what();
        },
    };
}
