/*
 * What is signed, and the papers made of it. A paper comes from the core as a document of its own; it is drawn here
 * element by element, from a short list of what may stand in one, with its own style sheet around nothing else.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Id, Questions, Version } from "../core/protocol.ts";
import { ask, go, refresh, want } from "../state/effects.ts";
import { failureOf } from "../state/core.ts";
import { loading, type Part } from "../state/tree.ts";
import type { Screen } from "../state/tree.ts";
import { w } from "../words.ts";
import type { ChartProps } from "./chart.tsx";
import { Alert, Button, Buttons, Empty, nameOf, Of, Tag, Title, When } from "./parts.tsx";
import { membersOf, NotOpen } from "./records.tsx";

const paper = (chart: Id, back: Screen, version?: number): Screen =>
    ({ at: "paper", chart, back, ...(version === undefined ? { list: true } : { version }) });

export function PapersPart(props: ChartProps & { here: Screen }) {
    const { chart, plain, open } = props;
    useEffect(() => want("versions"), [chart.chart]);
    if (!chart.holder)
        return <NotOpen {...props} />;
    return (
        <>
            <Buttons><Button onClick={() => go(paper(chart.chart, props.here))}>{w.papers.list[plain ? "plain" : "clinical"]}</Button></Buttons>
            <Of part={open.versions} again={() => void refresh("versions")} loading={w.papers.loading}>
                {({ versions }) => versions.length === 0
                    ? <Empty><p>{w.papers.none[plain ? "plain" : "clinical"]}</p></Empty>
                    : <VersionList {...props} versions={versions} />}
            </Of>
        </>
    );
}

/** The newest first. */
export function VersionList({ versions, level = 2, ...props }: ChartProps & { here: Screen; versions: Version[]; level?: 2 | 4 }) {
    const members = membersOf(props);
    return (
        <ul class="cards">
            {[...versions].reverse().map((one) => (
                <li class="card beside" key={one.version}>
                    {level === 2 ? <h2>{w.papers.version(one.version)}</h2> : <h4>{w.papers.version(one.version)}</h4>}
                    <p class="tags">
                        <Tag kind={one.superseded ? "attention" : "good"}>{one.superseded ? w.papers.superseded : w.papers.valid}</Tag>
                    </p>
                    <p>{w.papers.signed(nameOf(one.account, members))} <When ms={one.time_ms} />. {w.papers.meaning[props.plain ? "plain" : "clinical"][one.meaning]}</p>
                    {one.superseded && one.superseded_at_ms !== undefined && <p>{w.papers.changed} <When ms={one.superseded_at_ms} />.</p>}
                    <Buttons>
                        <Button onClick={() => go(paper(props.chart.chart, props.here, one.version))}>
                            {w.papers.open}<span class="usa-sr-only">: {w.papers.version(one.version)}</span>
                        </Button>
                    </Buttons>
                </li>
            ))}
        </ul>
    );
}

/* -- one paper --------------------------------------------------------------------------------------------- */

type Papers = Questions["papers"]["answer"];

export function PaperScreen({ screen }: { screen: Extract<Screen, { at: "paper" }> }) {
    const [papers, setPapers] = useState<Part<Papers>>(loading);
    const [at, setAt] = useState(0);
    const [size, setSize] = useState<"letter" | "a4">("letter");
    useEffect(() => {
        const zone = zoneOf(new Date());
        ask("papers", { chart: screen.chart, paper: size, zone, ...(screen.list ? { list: true } : {}),
                        ...(screen.version !== undefined ? { version: screen.version } : {}) })
            .then((value) => setPapers({ state: "here", value }), (thrown: unknown) => setPapers({ state: "failed", failure: failureOf(thrown) }));
    }, [screen.chart, screen.version, screen.list, size]);
    return (
        <>
            <div class="no-print">
                <Title of={`paper ${screen.version ?? ""}`}>{screen.list ? w.papers.list_title : w.papers.title}</Title>
                <Buttons><Button kind="quiet" onClick={() => go(screen.back, true)}>← {w.record.back}</Button></Buttons>
            </div>
            <Of part={papers} loading={w.papers.loading}>
                {(value) => {
                    const one = value.papers[Math.min(at, value.papers.length - 1)];
                    return one && (
                        <>
                            <div class="no-print">
                                {!value.signed && <Alert kind="warning" title={w.papers.not_signed} />}
                                {value.superseded && <Alert kind="warning" title={w.papers.superseded_long} />}
                                {value.papers.length > 1 && (
                                    <nav class="parts" aria-label={w.papers.which}>
                                        <ul>{value.papers.map((p, i) => (
                                            <li key={p.name}><button type="button" aria-current={p === one ? "page" : undefined} onClick={() => setAt(i)}>{p.title}</button></li>
                                        ))}</ul>
                                    </nav>
                                )}
                                <Buttons>
                                    <Button big onClick={() => window.print()}>{w.papers.print}</Button>
                                    <Button kind="other" onClick={() => save(one.name, one.html)}>{w.papers.save}</Button>
                                    <Button kind="quiet" onClick={() => setSize(size === "letter" ? "a4" : "letter")}>{w.papers.size(size)}</Button>
                                </Buttons>
                            </div>
                            <Paper html={one.html} title={one.title} />
                        </>
                    );
                }}
            </Of>
        </>
    );
}

/** East of Greenwich, as the core takes it: +01:00. */
function zoneOf(now: Date): string {
    const east = -now.getTimezoneOffset(), n = Math.abs(east);
    const two = (part: number) => String(part).padStart(2, "0");
    return `${east < 0 ? "-" : "+"}${two(Math.floor(n / 60))}:${two(n % 60)}`;
}

/** The file's name says nothing about anybody. */
function save(name: string, html: string): void {
    const url = URL.createObjectURL(new Blob([html], { type: "text/html" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${name}.html`;
    link.click();
    URL.revokeObjectURL(url);
}

function Paper({ html, title }: { html: string; title: string }) {
    const host = useRef<HTMLElement>(null);
    useLayoutEffect(() => {
        const { body, style } = takenApart(html);
        const [rules, pages] = sheets(style);
        const root = host.current?.shadowRoot ?? host.current?.attachShadow({ mode: "open" });
        if (!root)
            return;
        root.adoptedStyleSheets = [rules];
        root.replaceChildren(body);
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, pages];
        return () => { document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== pages); };
    }, [html]);
    return <section class="paper-host" aria-label={title} ref={host} />;
}

/* The page box belongs to the whole document, all else to the paper alone. */
function sheets(style: string): [CSSStyleSheet, CSSStyleSheet] {
    const rules = new CSSStyleSheet(), pages = new CSSStyleSheet();
    const at = style.indexOf("@page");
    rules.replaceSync(`${(at < 0 ? style : style.slice(0, at)).replace(/\bhtml\{/g, ":host{").replace(/\bbody\{/g, ".body{")}
        @media screen and (max-width: 40rem) { .body { padding: 0.5rem } dl { grid-template-columns: 1fr } .blank { width: 100% } }`);
    pages.replaceSync(at < 0 ? "" : style.slice(at));
    return [rules, pages];
}

const tags = new Set([
    "table", "thead", "tbody", "tr", "td", "th", "div", "main", "section", "h1", "h2", "h3", "p", "ul", "ol", "li", "dl", "dt", "dd", "bdi",
    "span", "strong", "b", "em", "br", "header", "footer", "address",
]);
const endless = new Set(["br", "hr", "img", "input", "link", "meta"]);
const names = new Set(["class", "lang", "dir", "role", "aria-hidden", "aria-label"]);
const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: "\"", nbsp: "\u00a0", apos: "'" };

const plainText = (text: string): string => text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, ten?: string, sixteen?: string, name?: string) =>
    ten ? String.fromCodePoint(Number(ten)) : sixteen ? String.fromCodePoint(parseInt(sixteen, 16)) : entities[name ?? ""] ?? whole);

/** Elements and text as they stand in the paper's body; what may not stand in one is left out with all that is in it. */
export function takenApart(html: string): { body: HTMLElement; style: string } {
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
    const inside = /<body>([\s\S]*)<\/body>/.exec(html)?.[1] ?? "";
    const body = document.createElement("div");
    body.className = "body";
    body.lang = /<html lang="([\w-]+)"/.exec(html)?.[1] ?? "en";
    const open: { name: string; element: HTMLElement | null }[] = [{ name: "", element: body }];
    for (const [, close, tag, given, text] of inside.matchAll(/<(\/?)([a-z0-9]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>|([^<]+)/g)) {
        const top = open[open.length - 1];
        if (text !== undefined) {
            top?.element?.append(plainText(text));
        } else if (close) {
            if (open.length > 1 && top?.name === tag)
                open.pop();
        } else if (tag) {
            const element = top?.element && tags.has(tag) ? document.createElement(tag === "main" ? "div" : tag) : null;
            for (const [, name, value] of (given ?? "").matchAll(/([a-z-]+)="([^"]*)"/g))
                if (name && names.has(name))
                    element?.setAttribute(name, plainText(value ?? ""));
            if (element)
                top?.element?.append(element);
            if (!endless.has(tag))
                open.push({ name: tag, element });
        }
    }
    return { body, style };
}
