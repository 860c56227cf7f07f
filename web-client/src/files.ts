/**
 * The files of this build that code loads by itself, with their hashes. build.mjs puts the list in; so a
 * page that was loaded with the right hash loads nothing else than what belongs to it.
 */
export interface BuiltFile {
    url: string;
    integrity: string;
}
declare const GALEN_FILES: Record<"wasm" | "talk" | "worker" | "worklet", BuiltFile>;

export const files = GALEN_FILES;

/** A slow line takes a while for the module; a dead one is not waited for. */
const LOAD_MS = 120_000;

/** Fetches a file; fails if it is not the one of this build. */
export function load(file: BuiltFile): Promise<Response> {
    return fetch(file.url, {
        integrity: file.integrity,
        credentials: "same-origin", // there are none
        redirect: "error",
        signal: AbortSignal.timeout(LOAD_MS),
    });
}
