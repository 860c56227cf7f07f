import type { ErrorName, Failure } from "./protocol.ts";

/** What only a browser can meet; the other names are those of `enum galen_err`. The words for it: words.ts. */
export type OwnErrorName =
    | "no-answer"
    | "core-failed"
    | "core-not-loaded"
    | "browser-too-old"
    | "taken-over"
    | "storage-failed"
    | "storage-damaged";

/** What the core could not do, the same on both of its sides. */
export class CoreError extends Error implements Failure {
    override readonly name = "CoreError";
    constructor(
        readonly failure: Failure,
        cause?: unknown,
    ) {
        super([failure.error, failure.help].filter((words) => words).join(": "), { cause });
    }
    get error(): ErrorName {
        return this.failure.error;
    }
    get help(): string {
        return this.failure.help;
    }
    static own(error: OwnErrorName, cause?: unknown): CoreError {
        return new CoreError({ error, help: "" }, cause);
    }
    /** Anything that was thrown; what nobody foresaw is `core-failed`. */
    static of(thrown: unknown): CoreError {
        return thrown instanceof CoreError ? thrown : CoreError.own("core-failed", thrown);
    }
}
