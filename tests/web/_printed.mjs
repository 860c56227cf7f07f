/** What the browser prints of a page, read back by the checks of tests/e2e/_pdf.py. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { top, until } from "./_load.mjs";

/** Why nothing can be read back here; undefined: it can. */
export const unreadable = () =>
    ["pdftotext", "pdfinfo", "pdftohtml"].some((program) => spawnSync(program, ["-v"]).error) ? "poppler is not installed (server/install tests)" : undefined;

/**
 * Prints what is on the screen into this file, as the browser's own dialog does, and holds it against a paper's rules:
 * its size, "page x of y", type of 14 points, the words that `each` page has, blocks that are `whole`: [first, last words].
 * Gives the text of each page.
 */
export async function printed(page, file, { size = "letter", each = [], whole = [] } = {}) {
    const paper = page.locator(".paper-host");
    await paper.waitFor();
    await until("the paper is drawn", () => paper.evaluate((host) => Boolean(host.shadowRoot?.querySelector("h1"))));
    const session = await page.context().newCDPSession(page);
    const { data } = await session.send("Page.printToPDF", { preferCSSPageSize: true });
    await session.detach();
    writeFileSync(file, Buffer.from(data, "base64"));
    const words = [file, "--size", size, ...(each.length > 0 ? ["--each", ...each] : []), ...whole.flatMap((block) => ["--whole", ...block])];
    const read = spawnSync("python3", [join(top, "tests/e2e/_pdf.py"), ...words], { encoding: "utf8", timeout: 60_000 });
    assert.equal(read.status, 0, read.stderr);
    return JSON.parse(read.stdout).pages;
}
