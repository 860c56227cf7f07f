/** Which browser this is, for those who are told where to press in it (words.ts). */

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
