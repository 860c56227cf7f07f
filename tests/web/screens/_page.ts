/* The page that the screens' tests open: the shipped screens on a scripted core. */
import { begin } from "../../../web-client/src/begin.tsx";
import { scripted, type Script } from "./_core.ts";

const { script } = globalThis as unknown as { script: Script };
const made = scripted(script);
Object.assign(globalThis, made);
begin(made.core, made.sound);
