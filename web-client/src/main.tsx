import { makeSound } from "./audio/sound.ts";
import { begin } from "./begin.tsx";
import { openClient } from "./core/client.ts";
import { files, load } from "./files.ts";

begin(openClient(), makeSound({
    script: files.worklet.url,
    wasm: async () => (await load(files.talk)).arrayBuffer(),
}));
