/** A page with nothing but the core on it, for tests. */
import { openClient, type Client } from "../../web-client/src/core/client.ts";
import type { Told } from "../../web-client/src/core/protocol.ts";

const page = globalThis as unknown as { galen: Client; told: Told[]; violations: string[] };
page.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    page.violations.push(`${event.violatedDirective}: ${event.blockedURI}`),
);
page.told = [];
page.galen = openClient();
page.galen.on((told) => page.told.push(told));
