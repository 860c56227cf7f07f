/**
 * What the engine saves, in IndexedDB: one transaction a change, on the disk before it counts as done. The
 * values are sealed in the module; the key for that is kept here, under a key that the browser does not
 * hand out. One Worker at a time holds the store: each writes its name into it, and a change of another,
 * who has not noticed yet that it was replaced, fails.
 */
import { CoreError } from "./error.ts";
import type { Bytes } from "./wasm.ts";

const VERSION = 1;
const PAIRS = "pairs"; /* the engine's keys and sealed values */
const KEYS = "keys"; /* the store key, wrapped */
const NOTES = "notes"; /* the Worker's own: names and numbers; the holder's name */
const STORE_KEY_BYTES = 32;
const LOAD_PAIRS = 16; /* at once: some of them are pages of 32 KiB */
/** Some browsers' databases do not open again, and say nothing; nobody is to wait for that without end. */
export const OPEN_MS = 30_000;

export interface Pair {
    key: Bytes;
    /** empty: the pair is removed */
    value: Bytes;
}
interface WrappedKey {
    wrapping: CryptoKey;
    nonce: Bytes;
    wrapped: ArrayBuffer;
}

function answered<T>(request: IDBRequest<T>, within?: number): Promise<T> {
    return new Promise((resolve, reject) => {
        const timer = within && setTimeout(() => reject(new Error("no answer")), within);
        request.onsuccess = () => {
            clearTimeout(timer);
            resolve(request.result);
        };
        request.onerror = () => {
            clearTimeout(timer);
            reject(request.error);
        };
    });
}
/* Kept when it is on the disk. */
function durable(transaction: IDBTransaction): Promise<void> {
    return new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
    });
}
const failed = (thrown: unknown): never => {
    throw thrown instanceof CoreError ? thrown : CoreError.own("storage-failed", thrown);
};

export class Store {
    private constructor(
        private readonly db: IDBDatabase,
        private readonly holder: string,
        /** kept when the holder's name is on the disk */
        private readonly held: Promise<void>,
    ) {}

    /** `holder` is the name of this Worker; `lost` is called when the browser takes the store away. */
    static async open(name: string, holder: string, lost: () => void): Promise<Store> {
        const request = indexedDB.open(name, VERSION);
        request.onupgradeneeded = () => {
            for (const part of [PAIRS, KEYS, NOTES]) request.result.createObjectStore(part);
        };
        const db = await answered(request, OPEN_MS).catch(failed);
        db.onclose = lost;
        db.onversionchange = () => {
            db.close();
            lost();
        };
        const transaction = db.transaction(NOTES, "readwrite", { durability: "strict" });
        transaction.objectStore(NOTES).put(holder, "holder");
        const held = durable(transaction).catch(failed);
        held.catch(() => {}); // it is told by whoever waits for it
        return new Store(db, holder, held);
    }

    close(): void {
        this.db.onclose = null;
        this.db.close();
    }

    /** The store key; made with the first. Whoever has only the files on the disk does not have it. */
    async storeKey(): Promise<Bytes> {
        const kept = await answered<WrappedKey | undefined>(
            this.db.transaction(KEYS).objectStore(KEYS).get("store"),
        ).catch(failed);
        if (kept) {
            try {
                const key = await crypto.subtle.decrypt(
                    { name: "AES-GCM", iv: kept.nonce },
                    kept.wrapping,
                    kept.wrapped,
                );
                return new Uint8Array(key);
            } catch (thrown) {
                throw CoreError.own("storage-damaged", thrown);
            }
        }
        const wrapping = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
            "encrypt",
            "decrypt",
        ]);
        const key = crypto.getRandomValues(new Uint8Array(STORE_KEY_BYTES));
        const nonce = crypto.getRandomValues(new Uint8Array(12));
        const wrapped = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, wrapping, key);
        const record: WrappedKey = { wrapping, nonce, wrapped };
        /* Pairs without their key cannot be opened by anybody. */
        await this.change([KEYS, PAIRS], (part) => {
            part(PAIRS).clear();
            part(KEYS).put(record, "store");
        });
        return key;
    }

    private pairs(): IDBObjectStore {
        return this.db.transaction(PAIRS).objectStore(PAIRS);
    }

    /** The value of one pair; empty: there is none. */
    async load(key: Bytes): Promise<Bytes> {
        const value = await answered<Bytes | undefined>(this.pairs().get(key)).catch(failed);
        return value ?? new Uint8Array();
    }

    /**
     * Gives every pair whose key comes before this one, in ascending order of keys: while some are taken, the next
     * are read. Returns how many. What another holder still wrote stands before the name in the browser's order of
     * transactions, and so before this; what it writes later fails.
     */
    async each(before: Bytes, give: (pair: Pair) => void): Promise<number> {
        const range = IDBKeyRange.upperBound(before, true);
        const pairs = this.pairs();
        const [keys, first] = await Promise.all([
            answered(pairs.getAllKeys(range)),
            answered<Bytes[]>(pairs.getAll(range, LOAD_PAIRS)),
        ]).catch(failed);
        const read = (from: number): Promise<Bytes[]> => {
            const last = Math.min(from + LOAD_PAIRS, keys.length) - 1;
            return answered<Bytes[]>(this.pairs().getAll(IDBKeyRange.bound(keys[from], keys[last])));
        };
        let next: Promise<Bytes[]> | undefined = Promise.resolve(first);
        for (let from = 0; next; from += LOAD_PAIRS) {
            const values: Bytes[] = await next.catch(failed);
            next = from + LOAD_PAIRS < keys.length ? read(from + LOAD_PAIRS) : undefined;
            if (values.length !== Math.min(LOAD_PAIRS, keys.length - from)) throw CoreError.own("storage-failed");
            values.forEach((value, i) => give({ key: new Uint8Array(keys[from + i] as ArrayBuffer), value }));
        }
        await this.held;
        return keys.length;
    }

    /** Makes a change durable as a whole. */
    commit(pairs: Iterable<Pair>): Promise<void> {
        return this.change([PAIRS], (part) => {
            const store = part(PAIRS);
            for (const { key, value } of pairs)
                if (value.length > 0) store.put(value, key);
                else store.delete(key);
        });
    }

    async notes(prefix: string): Promise<Map<string, number>> {
        const range = IDBKeyRange.bound(prefix, prefix + "\uffff");
        const notes = this.db.transaction(NOTES).objectStore(NOTES);
        const [keys, values] = await Promise.all([
            answered(notes.getAllKeys(range)),
            answered<number[]>(notes.getAll(range)),
        ]).catch(failed);
        return new Map(keys.map((key, i) => [(key as string).slice(prefix.length), values[i] as number]));
    }

    note(name: string, value: number): Promise<void> {
        return this.change([NOTES], (part) => part(NOTES).put(value, name));
    }

    /* The holder's name is looked at in the same transaction. */
    private async change(
        parts: string[],
        make: (part: (name: string) => IDBObjectStore) => void,
    ): Promise<void> {
        let takenOver = false;
        try {
            const transaction = this.db.transaction([...new Set([...parts, NOTES])], "readwrite", {
                durability: "strict",
            });
            const holder = transaction.objectStore(NOTES).get("holder");
            holder.onsuccess = () => {
                takenOver = holder.result !== this.holder;
                if (takenOver) transaction.abort();
                else make((name) => transaction.objectStore(name));
            };
            await durable(transaction);
        } catch (thrown) {
            if (takenOver) throw CoreError.own("taken-over");
            failed(thrown);
        }
    }
}
