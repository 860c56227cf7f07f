/*
 * Writing that is easily misread, said below the field while somebody types: what, why, and what to write instead, for
 * one press. It blocks nothing and rewrites nothing by itself. Patients' own words are left alone.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { DocName, Writing } from "../core/protocol.ts";
import { ask } from "../state/effects.ts";
import { w } from "../words.ts";
import { Button, Buttons } from "./parts.tsx";

/** Nobody is interrupted in the middle of a word. */
const CALM_MS = 500;

interface Props {
    doc: DocName;
    /** its name, or that of a part: "regimen.dose" */
    field: string;
    /** what stands there now */
    text: string;
    /** somebody types in it: what stood there before is the findings' to say */
    typing: boolean;
    /** what stands there once a suggestion was taken, and the place behind it */
    onTake: (text: string, caret: number) => void;
}

export function WritingHints({ doc, field, text, typing, onTake }: Props) {
    const [found, setFound] = useState<{ of: string; list: Writing[] }>({ of: "", list: [] });
    const typed = useRef(false);
    typed.current ||= typing;
    const on = typed.current && text !== "";
    useEffect(() => {
        if (!on)
            return undefined;
        let late = false;
        const timer = setTimeout(() => {
            ask("writing", { doc, field, text }).then((list) => { if (!late) setFound({ of: text, list }); }, () => undefined);
        }, CALM_MS);
        return () => { late = true; clearTimeout(timer); };
    }, [doc, field, text, on]);
    if (!typed.current)
        return null;
    /* A place that is typed on behind stays a place, as long as it stands there as it was. */
    const points = [...text];
    const list = on ? found.list.filter((one) => points.slice(one.at, one.at + one.size).join("") === one.text) : [];
    const take = (one: Writing, words: string) => {
        const before = points.slice(0, one.at).join("") + words;
        onTake(before + points.slice(one.at + one.size).join(""), before.length);
    };
    return (
        <div role="status" class="hints">
            {list.map((one) => (
                <div class="hint" key={`${one.rule} ${one.at}`}>
                    <p><strong>{one.title}</strong> {one.why}</p>
                    <Buttons>
                        {one.suggestion.split(", or ").map((words) => (
                            <Button key={words} kind="other" onClick={() => take(one, words)}>{w.writing.instead(words.trim())}</Button>
                        ))}
                    </Buttons>
                </div>
            ))}
        </div>
    );
}
