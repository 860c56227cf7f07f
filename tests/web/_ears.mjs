/**
 * Ears in the page, for tests: put into it before its own scripts (`addInitScript(ears)`). What goes to the
 * loudspeaker passes a tap, and what the browser gives as the microphone is known.
 */
export function ears() {
    const contexts = [], microphones = [], loud = [];
    const LOUD = 0.01, QUIET_MS = 1000;
    globalThis.AudioContext = class extends AudioContext {
        #tap;
        constructor(options) {
            super(options);
            contexts.push(this);
            this.listener_ = super.createAnalyser();
            this.tap.connect(this.listener_);
        }
        get tap() {
            if (!this.#tap) {
                this.#tap = super.createGain();
                this.#tap.connect(super.destination);
            }
            return this.#tap;
        }
        get destination() {
            return this.tap;
        }
    };
    const real = MediaDevices.prototype.getUserMedia;
    MediaDevices.prototype.getUserMedia = async function (constraints) {
        const stream = await real.call(this, constraints);
        microphones.push(stream);
        return stream;
    };
    const samples = new Float32Array(2048);
    setInterval(() => {
        for (const context of contexts) {
            if (context.state === "closed") continue;
            context.listener_.getFloatTimeDomainData(samples);
            if (samples.some((v) => Math.abs(v) > LOUD)) loud.push(performance.now());
        }
    }, 30);
    globalThis.ears = {
        contexts, microphones,
        /** when something began to be heard after a time of silence: ms */
        begins: () => loud.filter((at, i) => i === 0 || at - loud[i - 1] > QUIET_MS),
        /**
         * Records what the microphone gives and what goes to the loudspeaker; needs /recorder.js (_sound.mjs).
         * `clock`: Unix ms at which each chunk began.
         */
        async record(ms) {
            const context = contexts.findLast((one) => one.state !== "closed");
            await context.audioWorklet.addModule("/recorder.js");
            const recorder = new AudioWorkletNode(context, "recorder", { numberOfInputs: 2, outputChannelCount: [1] });
            const parts = [];
            recorder.port.onmessage = ({ data }) => void parts.push(data);
            const microphone = microphones.at(-1);
            if (microphone) context.createMediaStreamSource(microphone).connect(recorder, 0, 0);
            context.tap.connect(recorder, 0, 1);
            recorder.connect(context.tap);
            await new Promise((resolve) => setTimeout(resolve, ms));
            recorder.disconnect();
            context.tap.disconnect(recorder);
            const base64 = (name) => {
                let text = "";
                for (const part of parts)
                    for (const b of new Uint8Array(part[name].buffer)) text += String.fromCharCode(b);
                return btoa(text);
            };
            return { rate: context.sampleRate, clock: parts.map((part) => part.unix), said: base64("said"), heard: base64("heard") };
        },
    };
}
