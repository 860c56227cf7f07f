import type { ErrorName, Failure } from "./protocol.ts";

/** What only a browser can meet; the other names are those of `enum galen_err`. */
const OWN = {
    "no-answer": "There was no answer in time. Look whether it was done, then try again.",
    "core-failed": "Galen stopped on this page. Load the page again; what was acknowledged is kept.",
    "core-not-loaded": "Galen's files did not come as this page names them. Check the line, then load the page again.",
    "browser-too-old": "This browser lacks what Galen needs. Update it, or use another one.",
    "taken-over": "Another tab has Galen now. Load this page again.",
    "storage-failed": "The browser could not store this. Make room on this device, then load the page again.",
    "storage-damaged":
        "What this browser kept is damaged. Get back in with your recovery sheet or a new invitation.",
} as const;
export type OwnErrorName = keyof typeof OWN;

/** What the core could not do, the same on both of its sides. */
export class CoreError extends Error implements Failure {
    override readonly name = "CoreError";
    constructor(
        readonly failure: Failure,
        cause?: unknown,
    ) {
        super(`${failure.error}: ${failure.help}`, { cause });
    }
    get error(): ErrorName {
        return this.failure.error;
    }
    get help(): string {
        return this.failure.help;
    }
    static own(error: OwnErrorName, cause?: unknown): CoreError {
        return new CoreError({ error, help: OWN[error] }, cause);
    }
    /** Anything that was thrown; what nobody foresaw is `core-failed`. */
    static of(thrown: unknown): CoreError {
        return thrown instanceof CoreError ? thrown : CoreError.own("core-failed", thrown);
    }
}
