/**
 * People in front of their screens. They find things by role and name, as they see or hear them, and act with a
 * mouse (`Person`) or with the keyboard alone (`Typist`), who also sees to it that the focus is always visible.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { until } from "./_load.mjs";

const WAIT_MS = 30_000;
/** So many presses of Tab are enough on any screen. */
const TABS_MAX = 120;

export class Person {
    constructor(page) {
        this.page = page;
        this.trouble = [];
        page.setDefaultTimeout(WAIT_MS);
        page.on("pageerror", (error) => this.trouble.push(error.message));
    }

    /** Opens a link as it was sent, then presses the button. `by`: a way to the server. */
    static async joins(browser, link, by) {
        const page = await browser.open(new URL(link).pathname + new URL(link).hash, { by });
        const person = new this(page);
        await person.press("Open my chart");
        return person;
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

    async press(name) {
        await this.button(name).click();
    }
    async fill(label, text) {
        await this.page.getByLabel(label, { exact: true }).fill(text);
    }
    async begin(label) {
        await this.page.getByLabel(label, { exact: true }).click();
    }
    async type(text, delay = 20) {
        await this.page.keyboard.type(text, { delay });
    }
    async check(label) {
        await this.page.getByLabel(label, { exact: true }).check({ force: true });
    }
    async choose(label, option) {
        await this.page.getByLabel(label, { exact: true }).selectOption(option);
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

/** Tab, Enter, Space, arrows and letters; never a mouse. */
export class Typist extends Person {
    /** Goes on with Tab, or back with Shift and Tab, until this has the focus, and looks at it at every stop. */
    async reach(locator, what) {
        await locator.waitFor();
        const way = () => locator.evaluate((element) => {
            const at = document.activeElement;
            return element === at ? "" : at && at !== document.body && element.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING
                ? "Shift+Tab" : "Tab";
        });
        for (let i = 0; i < TABS_MAX; i++) {
            const key = await way();
            if (key === "") return;
            await this.page.keyboard.press(key);
            await this.seesFocus(what);
        }
        assert.fail(`Tab does not lead to ${what}`);
    }
    /** One of several circles: into their group, then by arrows. */
    async pick(locator, what) {
        await locator.waitFor();
        const stop = await locator.evaluateHandle((element) => {
            const all = [...document.querySelectorAll("input[type=radio]")].filter((one) => one.name === element.name);
            return all.find((one) => one.checked) ?? (element.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING ? all.at(-1) : all[0]);
        });
        await this.reach({ waitFor: async () => {}, evaluate: (ask) => stop.evaluate(ask) }, what);
        if (await locator.isChecked()) return;
        await this.page.keyboard.press("Space");
        for (let i = 0; i < 20 && !(await locator.evaluate((element) => element === document.activeElement)); i++) {
            await this.page.keyboard.press("ArrowDown");
            await this.seesFocus(what);
        }
        await until(`${what} is chosen`, () => locator.isChecked());
    }
    /** Whatever was pressed, the focus is somewhere a moment later. */
    async keepsFocus(what) {
        await until(`the focus is still somewhere after ${what}`, async () => (await this.focus()) !== "nowhere", 2000);
    }
    /** What has the focus is marked and in the window. Behind the last stop comes the browser's own. */
    async seesFocus(what) {
        let wrong;
        await until("the focus is seen", async () => (wrong = await this.focusIsWrong()) === "", 1000).catch(() => {});
        assert.equal(wrong, "", `on the way to ${what}`);
    }
    focusIsWrong() {
        return this.page.evaluate(() => {
            const at = document.activeElement;
            if (!at || at === document.body) return "";
            const label = at.matches(".usa-checkbox__input, .usa-radio__input") ? at.labels[0] : at;
            const style = getComputedStyle(label), { top, bottom, left, right, width } = label.getBoundingClientRect();
            const name = `${at.tagName} ${label.textContent.trim().slice(0, 40)}`;
            if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) return `${name}: the focus is not marked`;
            const inside = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
            if (!inside || width === 0) return `${name}: the focus is outside of the window`;
            const x = Math.min(Math.max((left + right) / 2, 1), innerWidth - 2);
            const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
            const above = document.elementFromPoint(x, y);
            return above && (label.contains(above) || above.contains(label) || at.contains(above))
                ? "" : `${name}: the focus is covered by ${above?.tagName} ${above?.className}`;
        });
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
        await until(`the focus is at ${name}`, async () => {
            const at = await this.focus();
            return (name instanceof RegExp ? name.test(at) : at === name) || (this.lastFocus = at, false);
        }).catch((thrown) => assert.fail(`${thrown.message}; it is at “${this.lastFocus}”`));
        await this.seesFocus(`${name}`);
    }

    async press(name) {
        await this.pressAt(this.button(name), name);
    }
    async pressAt(locator, what) {
        await this.reach(locator, what);
        await this.page.keyboard.press("Enter");
        await this.keepsFocus(what);
    }
    async begin(label) {
        await this.reach(this.page.getByLabel(label, { exact: true }), label);
    }
    async fill(label, text) {
        await this.begin(label);
        await this.page.keyboard.press("Control+A");
        await this.page.keyboard.type(text);
    }
    async check(label) {
        await this.begin(label);
        await this.page.keyboard.press("Space");
    }
    async choose(label, option) {
        await this.begin(label);
        await this.page.keyboard.type(option);
    }
}

/**
 * Tests that are one story: each goes on from where the one before has come to, and none begins when that failed.
 * What `people` then have on their screens is told. `look` says what is wrong with a screen, at the end of each.
 */
export function storyOf(skip, people, look) {
    let going = true;
    return (name, tell) => test(name, { skip }, async (t) => {
        assert.ok(going, "an earlier part failed");
        going = false;
        try {
            await tell(t);
            for (const person of look ? people().filter(Boolean) : [])
                assert.deepEqual(await look(person.page), []);
            going = true;
        } finally {
            if (!going)
                for (const { page } of people().filter(Boolean)) t.diagnostic(await page.locator("body").innerText());
        }
    });
}
