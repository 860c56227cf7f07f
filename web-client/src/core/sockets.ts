/**
 * The two WebSockets of the engine. At most one for each purpose; whoever is told is told of the present
 * one only. The engine tries again by itself.
 */
import { isMedia, type Bytes, type Purpose } from "./wasm.ts";

const PROTOCOL_NAME = "galen.1";
const PATH = "/galen";
const CONNECT_MS = 15_000;
/** GALEN_FRAME_MAX */
const FRAME_MAX = 512 * 1024;
/** Unsent bytes; above it the connection is given up. */
export const UNSENT_MAX = 8 * 1024 * 1024;
/** Voice packets of 20 ms: 100 ms. More are left out: late voice helps nobody. */
export const MEDIA_UNSENT_MAX = 5;
/** How often it is looked whether the line has taken everything. */
const TAKEN_MS = 20;

/** What is used of a WebSocket. */
export interface Socket {
    binaryType: string;
    readonly readyState: number;
    readonly bufferedAmount: number;
    onopen: (() => void) | null;
    onmessage: ((event: { data: unknown }) => void) | null;
    onclose: (() => void) | null;
    send(bytes: Bytes): void;
    close(): void;
}
const OPEN = 1;

/** Not called from within open, send and close. */
export interface SocketEvents {
    opened(purpose: Purpose): void;
    received(purpose: Purpose, frame: Uint8Array): void;
    closed(purpose: Purpose): void;
}

export class Sockets {
    private readonly present = new Map<Purpose, Socket>();
    private left = 0;

    constructor(
        private readonly events: SocketEvents,
        private readonly make: (address: string, protocol: string) => Socket,
    ) {}

    /** `host` is "host:port". Ends with opened or closed. */
    open(purpose: Purpose, host: string): void {
        this.close(purpose);
        let socket: Socket;
        try {
            socket = this.make(`wss://${host}${PATH}`, PROTOCOL_NAME);
        } catch {
            queueMicrotask(() => this.events.closed(purpose)); // the address is none
            return;
        }
        socket.binaryType = "arraybuffer";
        this.present.set(purpose, socket);
        const isPresent = (): boolean => this.present.get(purpose) === socket;
        const timer = setTimeout(() => this.end(purpose, socket), CONNECT_MS);
        socket.onopen = () => {
            clearTimeout(timer);
            if (isPresent()) this.events.opened(purpose);
        };
        socket.onmessage = (event) => {
            if (!isPresent()) return;
            const { data } = event;
            if (data instanceof ArrayBuffer && data.byteLength <= FRAME_MAX)
                this.events.received(purpose, new Uint8Array(data));
            else this.end(purpose, socket);
        };
        socket.onclose = () => {
            clearTimeout(timer);
            this.end(purpose, socket);
        };
    }

    send(purpose: Purpose, frame: Bytes): void {
        const socket = this.present.get(purpose);
        if (!socket || socket.readyState !== OPEN) return;
        const unsent = socket.bufferedAmount;
        if (isMedia(frame) && unsent > MEDIA_UNSENT_MAX * frame.length) this.left++;
        else if (unsent + frame.length > UNSENT_MAX) this.end(purpose, socket);
        else socket.send(frame);
    }

    /** Kept when the line has taken what was sent, or is gone. A browser does not say when that is. */
    async taken(purpose: Purpose): Promise<void> {
        const socket = this.present.get(purpose);
        while (socket && this.present.get(purpose) === socket && socket.bufferedAmount > 0)
            await new Promise((resolve) => setTimeout(resolve, TAKEN_MS));
    }

    /** Gives the connection up without calling `closed`. What was sent still goes out. */
    close(purpose: Purpose): void {
        const socket = this.present.get(purpose);
        this.present.delete(purpose);
        socket?.close();
    }

    /** Voice packets left out because the line could not take them. */
    get leftOut(): number {
        return this.left;
    }

    private end(purpose: Purpose, socket: Socket): void {
        socket.close();
        if (this.present.get(purpose) !== socket) return;
        this.present.delete(purpose);
        queueMicrotask(() => this.events.closed(purpose));
    }
}
