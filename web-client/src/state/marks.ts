/* Where something that was written has got to, and who is who. */
import type { Entry, Id, Member, Role } from "../core/protocol.ts";

export type Mark =
    | { at: "device" | "held" }
    | { at: "server" }
    | { at: "theirs"; accounts: Id[] }
    /** somebody else's: what is shown here was verified here */
    | { at: "here" };

/** Accounts other than the author's of which a device said that it has verified the entry. */
export function verifiers(index: number, author: Id, members: Member[], entry?: Entry): Id[] {
    const accounts = new Set(entry?.verified_by ?? []);
    for (const m of members)
        if ((m.verified ?? 0) > index && m.role !== "custodian")
            accounts.add(m.account);
    accounts.delete(author);
    return [...accounts];
}

/** How far one's own words have got. */
export function markOf(index: number, author: Id, me: Id, members: Member[], entry?: Entry): Mark {
    if (author !== me)
        return { at: "here" };
    const accounts = verifiers(index, author, members, entry);
    return accounts.length > 0 ? { at: "theirs", accounts } : { at: "server" };
}

export interface Person {
    account: Id;
    name: string;
    phone: string;
    hours: string;
    role: Role | "custodian";
    self: boolean;
    /** whether a device of theirs may read the record: whoever was checked, staff always */
    holder: boolean;
    /** whether they have a device yet, or only an invitation */
    joined: boolean;
    devices: Member[];
    /** entries verified on at least one of their devices */
    verified: number;
    heard_ms: number;
    /** when their used link was last opened again; 0: never */
    link_again_ms: number;
}

/** The chart's people, each with their devices; oneself first, then by name. */
export function people(members: Member[]): Person[] {
    const found = new Map<Id, Person>();
    for (const m of members) {
        const person = found.get(m.account) ?? {
            account: m.account, name: m.name, phone: m.phone ?? "", hours: m.hours ?? "", role: m.role, self: m.self, holder: false, joined: false, devices: [],
            verified: 0, heard_ms: 0, link_again_ms: 0,
        };
        person.self ||= m.self;
        person.holder ||= m.holder;
        person.joined ||= m.purpose === "device";
        person.devices.push(m);
        person.verified = Math.max(person.verified, m.verified ?? 0);
        person.heard_ms = Math.max(person.heard_ms, m.heard_ms ?? 0);
        person.link_again_ms = Math.max(person.link_again_ms, m.link_again_ms ?? 0);
        found.set(m.account, person);
    }
    return [...found.values()].sort((a, b) =>
        Number(b.self) - Number(a.self) || Number(a.role === "custodian") - Number(b.role === "custodian") ||
        a.name.localeCompare(b.name));
}

/** Up to where every other person with a device has verified the chart; null: nobody else is there. */
export function verifiedByAll(members: Member[]): number | null {
    const others = people(members).filter((p) => !p.self && p.joined && p.role !== "custodian");
    return others.length === 0 ? null : Math.min(...others.map((p) => p.verified));
}

export const isStaff = (role: Role | "custodian" | ""): boolean =>
    role === "administrator" || role === "pharmacist" || role === "technician";
