/** A line between a browser and galend that can be cut, go silent, be held up, be slow and be mended; it knows bytes only. */
import { connect, createServer } from "node:net";

export class Line {
    #target;
    #server;
    #pairs = new Set();
    #state = "whole"; // or "cut", "silent", "held"
    #bytes_per_s = Infinity;

    constructor(target) {
        this.#target = target;
        this.#server = createServer((near) => this.#join(near));
    }

    /** Listens on a free port. */
    static async to(target) {
        const line = new Line(target);
        await new Promise((resolve) => line.#server.listen(0, "127.0.0.1", resolve));
        return line;
    }
    get url() {
        return `https://localhost:${this.#server.address().port}`;
    }

    /** Ends every connection and takes no new ones: the cable is out, and both ends know it. */
    cut() {
        this.#state = "cut";
        this.#endAll();
    }
    /** Swallows everything from now on; connections stay open, also new ones: nobody is told. */
    goSilent() {
        this.#state = "silent";
    }
    /** Holds everything back, so that what both sides say crosses on the way; nothing is lost. */
    hold() {
        this.#state = "held";
        for (const { near, far } of this.#pairs) for (const end of [near, far]) end.pause();
    }
    /** Carries so much each way from now on, and on each connection. */
    beSlow(bytes_per_s) {
        this.#bytes_per_s = bytes_per_s;
    }
    /** Works again. What was swallowed is gone, so connections of a silent line end. */
    mend() {
        if (this.#state === "silent") this.#endAll();
        this.#state = "whole";
        for (const { near, far } of this.#pairs) for (const end of [near, far]) end.resume();
    }
    close() {
        this.#server.close();
        this.#endAll();
    }

    #endAll() {
        for (const { near, far } of this.#pairs) for (const end of [near, far]) end.destroy();
        this.#pairs.clear();
    }

    #rest(end, ms) {
        end.pause();
        setTimeout(() => this.#state !== "held" && end.resume(), ms);
    }

    #join(near) {
        if (this.#state === "cut") return void near.destroy();
        const pair = { near, far: connect(this.#target, "127.0.0.1") };
        this.#pairs.add(pair);
        for (const [from, to] of [[near, pair.far], [pair.far, near]]) {
            from.setNoDelay(true);
            from.on("data", (bytes) => {
                if (this.#state !== "silent") to.write(bytes);
                if (this.#bytes_per_s !== Infinity) this.#rest(from, (bytes.length / this.#bytes_per_s) * 1000);
            });
            from.on("error", () => {});
            from.on("close", () => {
                if (this.#state === "silent") return; // even the end is swallowed
                to.destroy();
                this.#pairs.delete(pair);
            });
            if (this.#state === "held") from.pause();
        }
    }
}
