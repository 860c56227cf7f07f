/** What to do about a microphone, in words for the browser at hand. */

export interface Browser {
    name: "chrome" | "edge" | "firefox" | "safari";
    system: "desktop" | "mac" | "android" | "ios";
}

/** From the browser's own words of itself. Every browser on iOS is Safari inside, and has its settings. */
export function browserAt(userAgent: string, touchPoints: number): Browser {
    const mac = /Macintosh/.test(userAgent);
    const ios = /iPhone|iPad|iPod/.test(userAgent) || (mac && touchPoints > 1);
    const name = /Edg(e|A|iOS)?\//.test(userAgent)
        ? "edge"
        : /Firefox\/|FxiOS\//.test(userAgent)
          ? "firefox"
          : /Chrome\/|Chromium\/|CriOS\//.test(userAgent)
            ? "chrome"
            : "safari";
    return { name, system: ios ? "ios" : /Android/.test(userAgent) ? "android" : mac ? "mac" : "desktop" };
}

const APP = { chrome: "Chrome", edge: "Edge", firefox: "Firefox", safari: "Safari" };

/** The person, or the browser by itself, said no. */
export function helpRefused({ name, system }: Browser): string {
    if (system === "ios")
        return name === "safari"
            ? "Tap the button at the left of the address bar, then Website Settings, Microphone, Allow. " +
                  "Then press the button here again."
            : `Open this device's Settings, then ${APP[name]}, and switch Microphone on. Then open this page again.`;
    if (system === "android")
        return name === "firefox"
            ? "Tap the lock beside the address, then Microphone, and allow it. Then press the button here again."
            : "Tap the symbol beside the address, then Permissions, and allow Microphone. Then press the button here again.";
    const also = system === "mac" ? ` If that changes nothing: System Settings, Privacy & Security, Microphone, ${APP[name]}.` : "";
    switch (name) {
        case "firefox":
            return "Click the crossed-out microphone at the left of the address and remove the block. Then press the button here again." + also;
        case "safari":
            return "Choose Safari in the menu bar, then Settings for This Website, Microphone, Allow. Then press the button here again." + also;
        case "edge":
        case "chrome":
            return "Click the symbol at the left of the address and switch Microphone on. Then press the button here again." + also;
    }
}

export const HELP = {
    missing: "No microphone was found. Plug one in, or connect your headset, then press the button again. You can still listen.",
    busy: "Another program holds the microphone. Close other calls and meetings, then press the button again. You can still listen.",
    insecure: "This page may not use a microphone, because its address does not begin with https. Use the link that you were given.",
    old: "This browser cannot make calls. Update it, or use another one.",
    lost: "The microphone was unplugged, and there is no other. Plug it in, then press the button again. You can still listen.",
    failed: "The sound could not be started. Load the page again.",
} as const;

/** What happened by itself, for a line on the screen. */
export const SAID = {
    otherMicrophone: (label: string): string => `The microphone was unplugged. You are heard through ${label || "another one"} now.`,
    otherSpeaker: "The loudspeaker was unplugged. You hear through the one that the system chose.",
    asleep: "The sound is paused by the browser. Touch or click anywhere on this page to go on.",
} as const;
