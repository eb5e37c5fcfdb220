/** Links from a point of a panel to what happened there. Like the panels, they refer to variables only. */
import { DashboardLinkBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { DATASOURCES, LENS, variable } from "./datasources.ts";

/** Grafana's Explore with a search for the traces of a service, in the time that the dashboard shows. */
function exploreTraces(service: string): string {
  const { jaeger } = DATASOURCES;
  const pane = {
    datasource: jaeger.uid,
    queries: [{ refId: "A", datasource: jaeger, queryType: "search", service }],
    range: { from: variable("__from"), to: variable("__to") },
  };
  const panes = encodeURIComponent(JSON.stringify({ traces: pane }));
  // Grafana finds its variables only as they are written.
  const kept = panes.replaceAll(/%24%7B([\w.]+)%7D/g, (_, name: string) => variable(name));
  return `/explore?schemaVersion=1&panes=${kept}`;
}

/** Links to the traces in Jaeger and to the latest journeys in lens. `service`: a name, or a variable of the series. */
export function tracesOf(service: string): DashboardLinkBuilder[] {
  return [
    new DashboardLinkBuilder("Traces in Jaeger").url(exploreTraces(service)),
    new DashboardLinkBuilder("Latest journeys in lens")
      .url(`${LENS}/api/journeys?service=${service}`)
      .targetBlank(true),
  ];
}

/** The service of a series: its label `job`. */
export const SERVICE = variable("__field.labels.job");
