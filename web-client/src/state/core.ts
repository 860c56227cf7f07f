import type { Failure, QuestionName, Questions, Told } from "../core/protocol.ts";

/** The core as the screens see it: `core/client.ts` in the browser, a script in the screens' tests. */
export interface Core {
    /** Rejects with a `Failure`. `transfer` holds the port of `voice`. */
    ask<N extends QuestionName>(
        name: N, what: Questions[N]["ask"], transfer?: Transferable[]): Promise<Questions[N]["answer"]>;
    on(listener: (told: Told) => void): void;
}

/** Whatever was thrown, as a failure that words can be found for. */
export function failureOf(thrown: unknown): Failure {
    const { error, help } = (thrown ?? {}) as Partial<Failure>;
    return typeof error === "string" ? { error, help: help ?? "" } : { error: "core-failed", help: "" };
}
