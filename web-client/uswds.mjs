/*
 * The part of USWDS's ready style sheet that the screens use. Its whole is half a megabyte; what stays are
 * the rules all of whose `usa-` classes stand in the sources, without its fonts, images and widths for print.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** All class names of USWDS that the sources name. */
export function usedClasses(folder) {
    const used = new Set();
    for (const file of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, file.name);
        if (file.isDirectory())
            for (const name of usedClasses(path)) used.add(name);
        else if (/\.(tsx?|css)$/.test(file.name))
            for (const [name] of readFileSync(path, "utf8").matchAll(/usa-[a-z_-]*[a-z]/g)) used.add(name);
    }
    // put together in views/parts.tsx and views/field.tsx
    for (const kind of ["info", "success", "warning", "error"])
        if (used.has("usa-alert")) used.add(`usa-alert--${kind}`);
    for (const kind of ["radio", "checkbox"])
        for (const part of ["", "__input", "__label"])
            if (used.has(`usa-${kind}`)) used.add(`usa-${kind}${part}`);
    for (const part of ["day", "month", "year"])
        if (used.has("usa-memorable-date")) used.add(`usa-form-group--${part}`);
    return used;
}

/* Splits a sheet into its rules: [selector or at-rule, body], the body of an at-rule not taken apart. */
function* rules(css) {
    let at = 0;
    while (at < css.length) {
        const open = css.indexOf("{", at);
        const end = css.indexOf(";", at);
        if (end >= 0 && (open < 0 || end < open)) { // @charset, @import
            at = end + 1;
            continue;
        }
        if (open < 0) return;
        let depth = 1, i = open + 1, quote = "";
        for (; depth > 0 && i < css.length; i++) {
            const c = css[i];
            if (quote) quote = c === "\\" ? (i++, quote) : c === quote ? "" : quote;
            else if (c === '"' || c === "'") quote = c;
            else if (c === "{") depth++;
            else if (c === "}") depth--;
        }
        yield [css.slice(at, open).trim(), css.slice(open + 1, i - 1)];
        at = i;
    }
}

/* A selector list's parts; a comma in brackets separates nothing. */
const selectors = (list) => list.match(/(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\]|[^,])+/g) ?? [];

export function keepUsed(css, used) {
    const wanted = (selector) => {
        const classes = [...selector.matchAll(/\.((?:[\w-]|\\.)+)/g)].map(([, name]) => name);
        return classes.every((name) => used.has(name));
    };
    let kept = "";
    for (const [head, body] of rules(css.replace(/\/\*[\s\S]*?\*\//g, ""))) {
        if (/^@(media|supports|layer)/.test(head)) {
            const inner = keepUsed(body, used);
            if (inner) kept += `${head}{${inner}}`;
        } else if (!head.startsWith("@")) {
            const list = selectors(head).filter(wanted);
            const plain = body.split(/;(?![^(]*\))/).filter((line) => !/url\(/.test(line) && line.trim()).join(";");
            if (list.length > 0 && plain) kept += `${list.join(",")}{${plain}}`;
        }
    }
    return kept;
}

/** For esbuild: `@import "@uswds/uswds/css"` in a style sheet is the used part. */
export function uswds(sources) {
    return {
        name: "uswds",
        setup(build) {
            build.onLoad({ filter: /@uswds[\\/]uswds[\\/]dist[\\/]css[\\/]uswds\.min\.css$/ }, ({ path }) => ({
                contents: keepUsed(readFileSync(path, "utf8"), usedClasses(sources)),
                loader: "css",
            }));
        },
    };
}
