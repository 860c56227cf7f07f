import { encode } from "uqr";
import { w } from "../words.ts";

/** Always dark on light, with its quiet margin, also where the screen is dark: cameras need that. */
export function Qr({ text }: { text: string }) {
    const { data, size } = encode(text, { ecc: "M", border: 4 });
    const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
    return (
        <svg class="qr" role="img" aria-label={w.link.qr} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
            <rect width={size} height={size} fill="#fff" />
            <path d={path} fill="#000" />
        </svg>
    );
}
