/**
 * What a person with poor sight, an unsteady hand or a narrow screen would stumble over. Each runs in the
 * page and answers with sentences, none if all is well.
 */

import { readFileSync } from "node:fs";
import { require } from "../_load.mjs";

const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** All of it, on a phone and on a desk, by day and by night. */
export async function lookAt(page) {
    const found = [];
    await page.evaluate(axeSource);
    for (const [mode, width, colorScheme, checks] of [
        ["320 px", 320, "light", [widths, targets, text, axe]],
        ["390 px, dark", 390, "dark", [widths, text]],
        ["1280 px", 1280, "light", [widths, targets, text, axe]],
        ["1280 px, dark", 1280, "dark", [text]],
    ]) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme });
        for (const check of checks)
            for (const sentence of await page.evaluate(check)) found.push(`${mode}: ${sentence}`);
    }
    return found;
}

/** What axe-core says of a page as it is, and its text. */
export async function axeSays(page) {
    if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axeSource);
    return [...await page.evaluate(text), ...await page.evaluate(axe)];
}

/** Text below 18 px, or below 7:1 against what is behind it. */
export function text() {
    const found = [];
    const numbers = (color) => (/rgba?\(([^)]+)\)/.exec(color)?.[1] ?? "0 0 0 0").split(/[\s,/]+/).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const color = numbers(getComputedStyle(one).backgroundColor);
            if ((color[3] ?? 1) === 1) return color;
        }
        return numbers(getComputedStyle(document.documentElement).colorScheme.includes("dark") ? "rgb(0 0 0)" : "rgb(255 255 255)");
    };
    const check = (element, words) => {
        const style = getComputedStyle(element);
        const [a, b] = [light(numbers(style.color)), light(behind(element))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 7) found.push(`contrast ${ratio.toFixed(2)}: ${words}`);
        if (parseFloat(style.fontSize) < 17.9) found.push(`${style.fontSize}: ${words}`);
    };
    const hidden = (element) => !element.checkVisibility() || element.closest(".usa-sr-only, svg, meter, progress");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const words = node.textContent.trim();
        if (words && node.parentElement && !hidden(node.parentElement)) check(node.parentElement, words.slice(0, 60));
    }
    for (const control of document.querySelectorAll("input[type=text], input[type=search], select, textarea"))
        if (!hidden(control)) check(control, `value of ${control.id}`);
    return found;
}

/** What can be pressed and is smaller than 44 px; a box or a circle counts with its label. */
export function targets() {
    const found = [];
    for (const one of document.querySelectorAll("button, summary, input, select, textarea, a[href], [tabindex='0']")) {
        if (!one.checkVisibility()) continue;
        const label = /^(checkbox|radio)$/.test(one.type) ? document.querySelector(`label[for="${CSS.escape(one.id)}"]`) : null;
        const { width, height } = (label ?? one).getBoundingClientRect();
        if (width < 43.9 || height < 43.9)
            found.push(`${width.toFixed(0)} × ${height.toFixed(0)}: ${one.localName} ${one.textContent.trim() || one.id}`);
    }
    return found;
}

/** What is wider than the screen. */
export function widths() {
    const page = document.scrollingElement;
    const found = page.scrollWidth > page.clientWidth ? [`the page is ${page.scrollWidth} px wide in ${page.clientWidth}`] : [];
    for (const one of document.querySelectorAll("main *, header *, aside *, .visit-bar *"))
        if (one.checkVisibility() && !one.closest(".usa-sr-only, svg") && one.getBoundingClientRect().right > page.clientWidth + 1)
            found.push(`beyond the edge: ${one.localName} ${one.className} ${one.textContent.slice(0, 40)}`);
    return found;
}

/** What axe-core says. */
export async function axe() {
    const { violations } = await globalThis.axe.run(document, {
        rules: { "color-contrast-enhanced": { enabled: true } }, // off of itself
        runOnly: ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        resultTypes: ["violations"],
    });
    return violations.map((v) => `${v.id}: ${v.help}\n      ${v.nodes.map((n) => n.html.slice(0, 160)).join("\n      ")}`);
}
