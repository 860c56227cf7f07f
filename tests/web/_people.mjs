/**
 * People in front of their screens. They find things by role and name, as they see or hear them, and act with a
 * mouse (`Person`) or with the keyboard alone (`Typist`), who also sees to it that the focus is always visible. What they
 * act on is named, or is a locator.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { until } from "./_load.mjs";

const WAIT_MS = 30_000;
/** So many presses of Tab are enough to come from anywhere to anything. */
const TABS_MAX = 45;
const DESK = { width: 1280, height: 1000 };
/** From more on one looks for a shorter way. */
const FEW_TABS = 10;
/** What begins the lines of a page in which something was not done by keys. */
const BY_KEYS = "by keyboard alone:";

export class Person {
    constructor(page) {
        this.page = page;
        this.trouble = [];
        page.setDefaultTimeout(WAIT_MS);
        page.on("pageerror", (error) => this.trouble.push(error.message));
    }

    /** `by`: a way to the server. */
    static async opens(browser, path = "/", by = undefined) {
        return new this(await browser.open(path, { by, before: this.prepare }));
    }
    static prepare = () => {};
    /** Opens a link as it was sent, then presses the button. */
    static async joins(browser, link, by) {
        const person = await this.opens(browser, new URL(link).pathname + new URL(link).hash, by);
        await person.press("Open my chart");
        return person;
    }

    /* -- what is meant -- */

    find(what) {
        return typeof what === "string" || what instanceof RegExp ? this.button(what) : what;
    }
    labelled(what) {
        return typeof what === "string" ? this.page.getByLabel(what, { exact: true }) : what;
    }

    /* -- what they see -- */

    button(name) {
        return this.page.getByRole("button", { name }).first();
    }
    async sees(text) {
        await this.page.getByText(text).first().waitFor();
    }
    async seesNo(text) {
        await this.page.getByText(text).first().waitFor({ state: "detached" });
    }
    async isAt(heading) {
        await this.page.getByRole("heading", { name: heading }).first().waitFor();
    }
    /** One field of the record on the screen. */
    field(label) {
        return this.page.locator(".field").filter({ has: this.page.getByText(label, { exact: true }) }).last();
    }
    /** The line of messages, with what stands below each. */
    message(text) {
        return this.page.getByRole("listitem").filter({ hasText: text });
    }
    /** Waits until the message's mark is this. */
    async marked(text, mark) {
        await this.message(text).getByText(mark).first().waitFor();
    }
    /** Where the focus is: its name, as somebody hears it. */
    async focus() {
        return this.page.evaluate(() => {
            const at = document.activeElement;
            if (!at || at === document.body) return "nowhere";
            const label = at.labels?.[0]?.textContent ?? at.getAttribute("aria-label") ?? at.textContent;
            return label.replace(/\s+/g, " ").trim();
        });
    }
    /** The focus comes to what is named so, by itself. */
    async focusIsAt(name) {
        let at;
        await until(`the focus is at ${name}`, async () => {
            at = await this.focus();
            return name instanceof RegExp ? name.test(at) : at === name;
        }).catch((thrown) => assert.fail(`${thrown.message}; it is at “${at}”`));
    }
    /** Who is in the visit, as the bar says it. */
    async inVisit() {
        return this.page.getByRole("region", { name: "Visit" }).getByRole("list").getByRole("listitem").count();
    }

    /** The meter of this voice moves: what was played a second ago is over, and something new comes. */
    async hears(name) {
        const meter = this.page.getByRole("region", { name: "Visit" }).getByLabel(name, { exact: true });
        const level = () => meter.evaluate((element) => element.value);
        await until(`${name} is silent, then heard`, async () => (await level()) < 0.02, 10_000);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        await until(`${name} is heard`, async () => (await level()) > 0.05, 10_000);
    }

    /* -- what they do -- */

    async press(what) {
        await this.find(what).click();
    }
    async fill(label, text) {
        await this.labelled(label).fill(text);
    }
    async begin(label) {
        await this.labelled(label).click();
    }
    async type(text, delay = 20) {
        await this.page.keyboard.type(text, { delay });
    }
    async check(label) {
        await this.labelled(label).check({ force: true });
    }
    /** By the option's words. */
    async choose(label, option) {
        await this.labelled(label).selectOption({ label: option });
    }
    /** Out of the field. */
    async leaves() {
        await this.page.keyboard.press("Tab");
    }

    /* -- the clock in the page -- */

    /** Notes when this text is first on the screen (or, `gone`, no longer); the answer waits for that: Unix ms. */
    async notes(text, gone = false) {
        await this.page.evaluate(([wanted, away]) => {
            const noted = (globalThis.noted ??= {});
            const look = () => {
                const there = document.getElementById("main").textContent.includes(wanted);
                if (there === away || noted[wanted]) return;
                noted[wanted] = performance.timeOrigin + performance.now();
                observer.disconnect();
            };
            delete noted[wanted];
            const observer = new MutationObserver(look);
            observer.observe(document.body, { subtree: true, childList: true, characterData: true });
            look();
        }, [text, gone]);
        return () => until(`${text} is ${gone ? "gone" : "there"}`, () => this.page.evaluate((t) => noted[t], text), WAIT_MS);
    }
}

/** Tab, Enter, Space, Escape, arrows and letters; never a mouse. What else moves the focus or changes a field is trouble. */
export class Typist extends Person {
    constructor(page) {
        super(page);
        page.on("console", (line) => line.type() === "error" && line.text().startsWith(BY_KEYS) && this.trouble.push(line.text()));
    }
    static async prepare(page) {
        await page.setViewportSize(DESK); // so high that the bar of a visit stays in it
        await page.addInitScript(byKeysAlone, BY_KEYS);
    }

    /**
     * Goes on with Tab, or back with Shift and Tab, until this has the focus; the page looks at it at every stop. Where the
     * screen has a shorter way, that one; the presses on it count.
     */
    async reach(what, name = what, short = true) {
        if (short) this.pressed = 0;
        for (;;) {
            const element = await this.control(what, name);
            const stops = await until(`Tab leads to ${name}`, async () => {
                const found = await element.evaluate((one) => one.isConnected ? globalThis.stopsTo(one) : "gone");
                return found === undefined ? undefined : [found];
            });
            if (stops[0] === 0) return element;
            if (stops[0] === "gone") continue;
            if (short && Math.abs(stops[0]) > FEW_TABS) {
                short = false;
                if (await this.goes(await element.evaluate((one) => globalThis.shortestTo(one)))) continue;
            }
            this.pressed += Math.abs(stops[0]);
            assert.ok(this.pressed <= TABS_MAX, `${this.pressed} presses of Tab do not lead to ${name}`);
            await this.tabs(stops[0]);
        }
    }
    /** One of the ways that the screen has: a link or button that leads elsewhere on it, or a list of such. */
    async goes([way, part]) {
        if (!way) return false;
        await this.strike(this.page.locator(way), way, "Enter", false);
        if (part) await this.strike(this.page.locator(".ways-in").getByRole("button", { name: part, exact: true }), part, "Enter", false);
        return true;
    }
    async control(what, name) {
        const locator = this.find(what);
        await locator.waitFor().catch((thrown) => assert.fail(`there is no ${name}: ${thrown.message}`));
        return locator.elementHandle();
    }
    /** So many stops on; back, if below zero. */
    async tabs(stops) {
        for (let left = Math.abs(stops); left > 0; left--) {
            await this.page.keyboard.press(stops < 0 ? "Shift+Tab" : "Tab");
            await this.page.evaluate(() => globalThis.focusIsSeen());
        }
    }
    /** This key, on that and on nothing else: whoever sees that the screen has moved the focus meanwhile goes there again. */
    async strike(what, name, key, short = true) {
        for (let again = 3; ; again--) {
            const element = await this.reach(what, name, short);
            await this.page.keyboard.press(key);
            if (await element.evaluate((one) => globalThis.struck === one)) return;
            assert.ok(again > 0, `the focus does not stay at ${name}`);
        }
    }
    async press(what, name = what) {
        await this.strike(what, name, "Enter");
    }
    async begin(label) {
        await this.reach(this.labelled(label), label);
    }
    async fill(label, text) {
        await this.begin(label);
        const time = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)$/.exec(text);
        if (!time) {
            await this.page.keyboard.press("Control+A");
            return this.page.keyboard.type(text);
        }
        const [, year, month, day, hour, minute] = time;
        await this.page.keyboard.type(`${month}${day}${year}`);
        await this.page.keyboard.press("ArrowRight");
        await this.page.keyboard.type(`${String(hour % 12 || 12).padStart(2, "0")}${minute}${hour < 12 ? "AM" : "PM"}`);
    }
    async check(label) {
        const box = this.labelled(label);
        if (await box.getAttribute("type") === "radio") return this.pick(box, label);
        if (!await box.isChecked()) await this.strike(box, label, "Space");
    }
    /** One of several circles: into their group, then by arrows. */
    async pick(circle, name) {
        await circle.waitFor();
        const stop = await circle.evaluate((one) => globalThis.stopOf(one).id);
        await this.strike(this.page.locator(`[id="${stop}"]`), name, "Space");
        for (let left = 20; left > 0 && !(await circle.isChecked()); left--) await this.page.keyboard.press("ArrowDown");
        assert.ok(await circle.isChecked(), `${name} is chosen`);
    }
    async choose(label, option) {
        await this.begin(label);
        await this.page.keyboard.type(option);
    }
}

/**
 * Runs in the page of somebody who uses the keyboard, before all else. Whatever is done otherwise is told: a press of a
 * mouse, a focus that neither a key nor the page itself has moved, a field that changes without a key, a focus that is not
 * to be seen where the next key comes, and one that is gone.
 */
function byKeysAlone(mark) {
    const tell = (what) => console.error(`${mark} ${what}`);
    const name = (one) => `${one?.tagName} ${(one?.labels?.[0] ?? one)?.textContent?.trim().slice(0, 40)}`;
    let key = false, own = 0, lost = 0, had = false;
    for (const [of, method] of [[HTMLElement, "focus"], [HTMLElement, "blur"], [HTMLDialogElement, "showModal"], [HTMLDialogElement, "close"]]) {
        const real = of.prototype[method];
        of.prototype[method] = function (...given) {
            own++;
            try {
                return real.apply(this, given);
            } finally {
                own--;
            }
        };
    }
    const on = (events, what) => events.forEach((event) => addEventListener(event, what, true));
    on(["pointerdown", "mousedown", "touchstart"], ({ type, target }) => tell(`${type} on ${name(target)}`));
    on(["keyup"], () => setTimeout(() => { key = false; })); // Space presses when it is let go
    on(["keydown"], ({ target }) => {
        key = true;
        globalThis.struck = target;
    });
    on(["focusin"], ({ target }) => {
        had = true;
        if (!key && own === 0) tell(`no key has moved the focus to ${name(target)}`);
        void seen();
    });
    on(["input"], ({ isTrusted, target }) => (!isTrusted || !key) && tell(`no key has changed ${name(target)}`));
    setInterval(() => {
        const gone = had && document.activeElement === document.body;
        lost = gone ? lost + 1 : 0;
        if (lost === 10) tell("the focus is nowhere");
    }, 100);

    const frame = () => new Promise(requestAnimationFrame);
    /** When what has the focus is seen, or has it no longer. */
    const seen = globalThis.focusIsSeen = async () => {
        const at = document.activeElement, end = Date.now() + 1000;
        for (await frame(); document.activeElement === at && focusIsWrong(); await frame())
            if (Date.now() > end) return tell(focusIsWrong());
    };
    /** What has the focus is marked and in the window. Behind the last stop comes the browser's own. */
    const focusIsWrong = () => {
        const at = document.activeElement;
        if (!at || at === document.body) return "";
        const label = at.matches(".usa-checkbox__input, .usa-radio__input") ? at.labels[0] : at;
        const style = getComputedStyle(label), { top, bottom, left, right, width } = label.getBoundingClientRect();
        if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return `${name(at)}: the focus is not marked`;
        const inside = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
        if (!inside || width === 0) return `${name(at)}: the focus is outside of the window`;
        const x = Math.min(Math.max((left + right) / 2, 1), innerWidth - 2);
        const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
        const above = document.elementFromPoint(x, y);
        return above && (label.contains(above) || above.contains(label) || at.contains(above))
            ? "" : `${name(at)}: the focus is covered by ${above?.tagName} ${above?.className}`;
    };
    const after = (one, other) => Boolean(other.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
    /** Of circles that belong together, the one that Tab comes to. */
    globalThis.stopOf = (circle) => {
        const all = [...document.querySelectorAll("input[type=radio]")].filter((one) => one.name === circle.name);
        return all.find((one) => one.checked) ?? all.find((one) => one === document.activeElement) ??
            (after(document.activeElement, circle) ? all.at(-1) : all[0]);
    };
    const stops = () => [...(document.querySelector("dialog[open]") ?? document).querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
        .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility() && (one.type !== "radio" || stopOf(one) === one));
    const between = (from, to) => (after(to, from) ? stops().filter((one) => after(one, from) && !after(one, to)).length
        : -stops().filter((one) => after(from, one) && !after(to, one)).length);
    /** How many stops it is from here to that one, below zero: back; undefined: none leads there now. */
    globalThis.stopsTo = (target) => {
        const at = document.activeElement;
        if (at === target) return 0;
        if (at === document.body && had) return undefined; // it is on its way
        if (!stops().includes(target)) return undefined;
        return at === document.body ? 1 : between(at, target);
    };
    /** The way that saves most stops, and which entry of its list; none: straight on. */
    globalThis.shortestTo = (target) => {
        const at = document.activeElement, list = document.querySelector(".ways-in summary");
        const parts = list ? [...document.querySelectorAll(".visit-bar .visit-title"), ...list.parentElement.parentElement.querySelectorAll("section > h3")] : [];
        const far = (from, to) => (from === to ? 0 : Math.abs(between(from, to)));
        const ways = [[".parts .usa-skipnav", "#part"], [".to-top", "[data-begin]"]].flatMap(([way, to]) =>
            [...document.querySelectorAll(way)].map((one, i) => [one, document.querySelector(to), `${way} >> nth=${i}`]))
            .filter(([way, to]) => way.checkVisibility() && to)
            .map(([way, to, name]) => [far(at, way) + 1 + far(to, target), [name]]);
        ways.push(...parts.map((part, i) => [far(at, list) + i + 2 + far(part, target), [".ways-in summary", part.textContent]]));
        const [cost, steps] = ways.sort(([a], [b]) => a - b)[0] ?? [Infinity];
        return cost < far(at, target) ? steps : [];
    };
}

/** They type at the same time: a key of the one, a key of the other. */
export async function together(...writers) {
    for (let i = 0; writers.some(([, text]) => i < text.length); i++)
        await Promise.all(writers.map(([person, text]) => i < text.length && person.page.keyboard.press(text[i])));
}

/** Of a screen, when a test failed: the record of a run has room for so much. */
const TOLD_MAX = 1500;

/**
 * Tests that are one story: each goes on from where the one before has come to, and none begins when that failed.
 * What `people` then have on their screens is told. `look` says what is wrong with a screen, at the end of each; then
 * nobody has had any trouble either.
 */
export function storyOf(skip, people, look) {
    let going = true;
    return (name, tell) => test(name, { skip }, async (t) => {
        if (!going) return t.skip("an earlier part failed");
        going = false;
        try {
            await tell(t);
            for (const { page, trouble } of people().filter(Boolean)) {
                if (look) assert.deepEqual(await look(page), []);
                assert.deepEqual(trouble, []);
            }
            going = true;
        } finally {
            if (!going)
                for (const { page } of people().filter(Boolean)) t.diagnostic((await page.locator("body").innerText()).slice(0, TOLD_MAX));
        }
    });
}
