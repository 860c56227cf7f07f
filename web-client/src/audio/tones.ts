/** Sounds that are made, not loaded: a test of the loudspeaker, and the signal that somebody waits. */

interface Note {
    hz: number;
    at: number; /* s */
    lasts: number;
}
export const TEST: readonly Note[] = [
    { hz: 523.25, at: 0, lasts: 0.35 },
    { hz: 659.25, at: 0.35, lasts: 0.35 },
    { hz: 783.99, at: 0.7, lasts: 0.6 },
];
export const RING: readonly Note[] = [
    { hz: 880, at: 0, lasts: 0.25 },
    { hz: 698.46, at: 0.3, lasts: 0.45 },
];

const LOUDNESS = 0.2;
const EDGE = 0.02; /* s: without it a tone begins and ends with a click */

/** Ends when the last one has sounded. */
export function play(context: BaseAudioContext, to: AudioNode, notes: readonly Note[]): Promise<void> {
    const begin = context.currentTime + 0.02;
    const last = notes.reduce((a, b) => (b.at + b.lasts > a.at + a.lasts ? b : a));
    return new Promise((resolve) => {
        for (const note of notes) {
            const tone = context.createOscillator();
            const gain = context.createGain();
            const from = begin + note.at;
            const until = from + note.lasts;
            tone.frequency.value = note.hz;
            gain.gain.setValueAtTime(0, from);
            gain.gain.linearRampToValueAtTime(LOUDNESS, from + EDGE);
            gain.gain.setValueAtTime(LOUDNESS, until - EDGE);
            gain.gain.linearRampToValueAtTime(0, until);
            tone.connect(gain).connect(to);
            tone.start(from);
            tone.stop(until);
            tone.onended = () => {
                gain.disconnect();
                if (note === last) resolve();
            };
        }
    });
}
