/* Invitations, codes, sheets; joining; devices. */
import type { DocName, Id, QuestionName, Questions, Role } from "../core/protocol.ts";
import { change } from "./change.ts";
import { failureOf } from "./core.ts";
import { ask, refresh } from "./effects.ts";
import { tree, type RecordDoc } from "./tree.ts";

const underWay = new Set<string>();

/** A hand that trembles presses twice: while the first is under way, the second is none. */
export async function once<T>(what: string, act: () => Promise<T>): Promise<T | null> {
    if (underWay.has(what))
        return null;
    underWay.add(what);
    try {
        return await act();
    } finally {
        underWay.delete(what);
    }
}

/** A chart first; when the server has it, the invitation (`inviteNewPatient`). */
export async function newPatient(name: string): Promise<void> {
    try {
        const made = await ask("chart_new", { name });
        change({ do: "making", making: { ...made, name } });
        await refresh("charts");
    } catch (thrown) {
        change({ do: "problem", failure: failureOf(thrown) });
    }
}

export async function inviteNewPatient(): Promise<void> {
    const making = tree.making.value;
    change({ do: "making", making: null });
    if (making)
        await invite("patient", making.name, making.chart);
}

export const invite = (role: Role, name: string, chart?: Id): Promise<void | null> => once(`invite ${role} ${name} ${chart}`, async () => {
    try {
        const { token, link } = await ask("invite", { role, name, ...(chart ? { chart } : {}) });
        change({ do: "link-made",
                 link: { purpose: "invitation", role, name, link, token, made_ms: Date.now(), ready: false } });
        await refresh("waiting", "members");
    } catch (thrown) {
        change({ do: "problem", failure: failureOf(thrown), ...(chart ? { chart } : {}) });
    }
});

export const furtherDevice = (purpose: "code" | "sheet"): Promise<void | null> => once(purpose, async () => {
    const home = tree.home.value;
    try {
        const { token, link } = await ask("further_device", { purpose });
        const role = home.state === "here" && home.value.role ? home.value.role : "patient";
        change({ do: "link-made", link: { purpose, role, name: "", link, token, made_ms: Date.now(), ready: false } });
    } catch (thrown) {
        change({ do: "problem", failure: failureOf(thrown) });
    }
});

/** To the visit that is open. The link works at once: nothing has to reach the server. */
export async function inviteGuest(chart: Id): Promise<void> {
    try {
        const { link } = await ask("invite_guest", { chart });
        change({ do: "link-made",
                 link: { purpose: "guest", role: "interpreter", name: "", link, token: "", made_ms: Date.now(), ready: true } });
    } catch (thrown) {
        change({ do: "problem", failure: failureOf(thrown), chart });
    }
}

export async function join(): Promise<void> {
    const joining = tree.joining.value;
    if (!joining)
        return;
    change({ do: "joining" });
    try {
        await ask("join", { link: joining.link });
        await refresh("home");
    } catch (thrown) {
        change({ do: "refused", failure: failureOf(thrown) });
    }
}

/** A link that was pasted, or what is on a sheet: the secret alone, with the spaces of the paper. */
export async function lookAt(typed: string): Promise<void> {
    const text = typed.replace(/\s+/g, "");
    change({ do: "link-found", link: text.includes("#") ? text : `https://${location.host}/join#${text}` });
    try {
        const value = await ask("look", { link: tree.joining.value?.link ?? "" });
        change({ do: "looked", look: { state: "here", value } });
    } catch (thrown) {
        change({ do: "looked", look: { state: "failed", failure: failureOf(thrown) } });
    }
}

/** Asks; a failure becomes a problem on the screen. Answers whether it went well. */
const tried = async <N extends QuestionName>(name: N, what: Questions[N]["ask"], chart?: Id, text?: string): Promise<boolean> => await once(JSON.stringify([name, what]), async () => {
    try {
        await ask(name, what);
        await refresh("waiting", "members", "charts");
        return true;
    } catch (thrown) {
        change({ do: "problem", failure: failureOf(thrown), ...(chart ? { chart } : {}), ...(text ? { text } : {}) });
        return false;
    }
}) ?? false;

export const removeDevice = (device: Id): Promise<boolean> => tried("remove_device", { device });
/** This device was copied: for good. */
export async function shutOut(): Promise<void> {
    if (await tried("shut_out", {}))
        await refresh("home");
}
export const addMember = (chart: Id, account: Id): Promise<boolean> =>
    tried("add_member", { chart, account }, chart);
export const removeMember = (chart: Id, account: Id): Promise<boolean> =>
    tried("remove_member", { chart, account }, chart);
export const identify = (chart: Id, account: Id, check: string): Promise<boolean> =>
    tried("identify", { chart, account, check }, chart);
export const release = (chart: Id, token: string, send: boolean): Promise<boolean> =>
    tried("release", { token, send }, chart);
export const answerProposal = (chart: Id, proposal: number, accepted: boolean): Promise<boolean> =>
    tried("answer", { chart, proposal, accepted }, chart);

export async function answerLost(devices: Id[]): Promise<void> {
    if (await tried("lost", { devices }))
        change({ do: "lost-answered" });
}

/** Sends what is in the message box; it stays there until the core has it, and what is typed on meanwhile stays. */
export const sendMessage = (chart: Id): Promise<void | null> => once(`message ${chart}`, async () => {
    const typed = tree.composing.value[chart] ?? "", text = typed.trim();
    if (!text || !await tried("message", { chart, text }, chart, text))
        return;
    const now = tree.composing.value[chart] ?? "";
    change({ do: "compose", chart, text: now.startsWith(typed) ? now.slice(typed.length) : now });
});

export const addRecord = (
    chart: Id, doc: RecordDoc, fields: Record<string, string>, as?: Id): Promise<Id | null> => once(JSON.stringify([chart, doc, fields]), async () => {
    try {
        const { record } = await ask("write", { chart, doc, fields, ...(as ? { record: as } : {}) });
        await refresh("waiting", doc);
        return record;
    } catch (thrown) {
        change({ do: "problem", failure: failureOf(thrown), chart });
        return null;
    }
});

export const writeFields = (
    chart: Id, doc: DocName, record: Id, fields: Record<string, string>): Promise<boolean> =>
    tried("write", { chart, doc, record, fields }, chart);

export async function checkNow(chart: Id): Promise<void> {
    change({ do: "checked", chart, checked: { state: "loading" } });
    try {
        const value = await ask("check", { chart });
        change({ do: "checked", chart, checked: { state: "here", value: { ...value, at_ms: Date.now() } } });
    } catch (thrown) {
        change({ do: "checked", chart, checked: { state: "failed", failure: failureOf(thrown) } });
    }
}

/** The file's name says nothing about anybody. */
export async function saveEvidence(chart: Id): Promise<boolean> {
    try {
        const { bytes } = await ask("evidence", { chart });
        const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" }));
        const link = document.createElement("a");
        link.href = url;
        link.download = `galen-${chart.slice(0, 8)}.evidence`;
        link.click();
        URL.revokeObjectURL(url);
        return true;
    } catch (thrown) {
        change({ do: "problem", failure: failureOf(thrown), chart });
        return false;
    }
}
