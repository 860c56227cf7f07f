/** What the server sends a page, read as PROTOCOL.md says ("Frames", "Entries"), whoever is in the page. */

const ENTRIES = 17, HEADER = 214, SIGNATURE = 64;

/** Watches all WebSockets of a page and of its Workers; `received` are the frames so far. */
export function watchSockets(page) {
    const received = [];
    page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => received.push(Buffer.from(payload))));
    return received;
}

/** The length of a vector (RFC 9420 section 2.1.2), and where it begins. */
function vector(frame, at) {
    const bytes = 1 << (frame[at] >> 6);
    let size = frame[at] & 0x3f;
    for (let i = 1; i < bytes; i++) size = size * 256 + frame[at + i];
    return { size, at: at + bytes };
}

/** The entries of an *entries* frame; null: it is another frame. */
export function entriesOf(frame) {
    if (frame[0] !== ENTRIES) return null;
    const entries = [];
    const all = vector(frame, 1 + 32 + 8 + 8 + 1);
    let at = all.at;
    const end = all.at + all.size;
    if (end !== frame.length) throw new Error(`an entries frame of ${frame.length} bytes whose entries end at ${end}`);
    while (at < end) {
        const header = frame.subarray(at + 8, at + 8 + HEADER);
        const signature = frame.subarray(at + 8 + HEADER, at + 8 + HEADER + SIGNATURE);
        const body = vector(frame, at + 8 + HEADER + SIGNATURE + 1);
        entries.push({
            class: header[1], header, signature, state: frame[at + 8 + HEADER + SIGNATURE],
            body: frame.subarray(body.at, body.at + body.size),
        });
        at = body.at + body.size;
    }
    return { chart: frame.subarray(1, 33).toString("hex"), entries };
}

/** All entries of a chart among these frames. */
export const entriesIn = (frames, chart) =>
    frames.map(entriesOf).filter((one) => one?.chart === chart).flatMap((one) => one.entries);
