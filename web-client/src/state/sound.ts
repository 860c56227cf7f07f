import type { SoundNow } from "../audio/sound.ts";

/** Before the sound part has said anything. */
export const silent: SoundNow = {
    microphone: "off", line: "none", concealed: 0, delay_ms: 0, microphones: [], speakers: [], microphone_chosen: "",
    speaker_chosen: "", help: "", said: "",
};
