import { render } from "preact";
import { signal } from "@preact/signals";
import { openClient } from "./core/client.ts";
import type { ChartSummary, Home } from "./core/protocol.ts";

const home = signal<Home | undefined>(undefined);
const charts = signal<ChartSummary[]>([]);
const client = openClient();

async function look(): Promise<void> {
    home.value = await client.ask("home", {});
    charts.value = await client.ask("charts", {});
}
client.on((told) => {
    if (["ready", "joined", "online", "offline", "chart", "current"].includes(told.event)) void look();
});

function App() {
    return (
        <main>
            <h1>Galen</h1>
            <p>{home.value ? `${home.value.name} (${home.value.state})` : "…"}</p>
            <ul>
                {charts.value.map((chart) => (
                    <li key={chart.chart}>{chart.name}</li>
                ))}
            </ul>
        </main>
    );
}
render(<App />, document.getElementById("app") as HTMLElement);
