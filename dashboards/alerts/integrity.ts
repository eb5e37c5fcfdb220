/** Does every hop pass the context on? */
import type { AlertGroup } from "./alert.ts";

export const integrityAlerts: AlertGroup = {
  name: "integrity",
  alerts: [
    {
      alert: "ContextDropped",
      expr: "max(lens_orphan_spans) > 0",
      for: "30s",
      severity: "ticket",
      summary: "Spans have lost their parents",
      description: "{{ $value | humanize }} spans of the latest journeys name a parent that has not arrived.",
      runbook:
        "Fires when a service is killed before it has exported its spans, or when a hop does not inject. Orphans at a " +
        "single moment point to a killed service, lasting ones to a hop: lens marks them in the journey.",
    },
    {
      alert: "JourneysUnsettled",
      expr: 'max(lens_journeys{state="unsettled"}) > 5',
      for: "1m",
      severity: "ticket",
      summary: "Journeys do not settle",
      description: "{{ $value | humanize }} of the latest journeys are older than 30 s and still incomplete.",
      runbook:
        "Fires when a consumer or a queue's worker is stopped. `npm run trace -- last` names the messages that are " +
        "still in flight.",
    },
  ],
};
