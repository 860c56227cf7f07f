/** Microphones and loudspeakers: which there are, and which this person chose. Only their ids are kept. */

export interface SoundDevice {
    id: string;
    label: string;
}
export type DeviceKind = "microphone" | "speaker";

const KEYS: Record<DeviceKind, string> = { microphone: "galen-microphone", speaker: "galen-speaker" };

/** "" is what the system chooses. Storage may be forbidden; then nothing is remembered. */
export function chosen(kind: DeviceKind): string {
    try {
        return localStorage.getItem(KEYS[kind]) ?? "";
    } catch {
        return "";
    }
}
export function remember(kind: DeviceKind, id: string): void {
    try {
        if (id === "") localStorage.removeItem(KEYS[kind]);
        else localStorage.setItem(KEYS[kind], id);
    } catch {
        /* it is asked again next time */
    }
}

/**
 * Those that the browser names: before it may use the microphone it tells no ids. Chrome lists the system's
 * choice a second time, under names of its own.
 */
export async function devices(kind: DeviceKind): Promise<SoundDevice[]> {
    const what = kind === "microphone" ? "audioinput" : "audiooutput";
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return all
        .filter((d) => d.kind === what && !["", "default", "communications"].includes(d.deviceId))
        .map((d, i) => ({ id: d.deviceId, label: d.label || `${kind === "microphone" ? "Microphone" : "Loudspeaker"} ${i + 1}` }));
}

/** Whether the microphone opens without a question to the person. A browser that does not say would ask. */
export async function microphoneAllowed(): Promise<boolean> {
    try {
        return (await navigator.permissions.query({ name: "microphone" as PermissionName })).state === "granted";
    } catch {
        return false;
    }
}

/** One voice; the platform takes out echo and noise and keeps it at one loudness. */
export function wanted(id: string): MediaStreamConstraints {
    const audio: MediaTrackConstraints = {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        channelCount: 1,
    };
    if (id !== "") audio.deviceId = { exact: id };
    return { audio, video: false };
}
