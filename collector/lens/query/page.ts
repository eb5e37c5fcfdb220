/** The page at `/`: what can be asked here. */

const ENDPOINTS: readonly (readonly [path: string, does: string])[] = [
  ["/api/journeys?limit=20", "the latest journeys, newest first"],
  ["/api/journeys/{trace, correlation or order id}?logs=true", "one journey, with its log records"],
  ["/api/logs?correlation_id=&trace_id=&service=&limit=", "log records; of a service the latest"],
  ["/api/metrics?service=&name=", "metrics of the last 15 minutes; with a name their points"],
  ["/api/v3/services", "services, as Jaeger answers it"],
  ["/api/v3/operations?service=&span_kind=", "operations of a service"],
  ["/api/v3/traces/{trace id}", "one trace in OTLP/JSON"],
  ["/api/v3/traces?query.service_name=&query.start_time_min=&query.start_time_max=", "search for traces"],
  ["/healthz", "200 while lens runs"],
  ["/metrics", "what lens received, stored, evicted and refused"],
];

/** `otlpHttpUrl` and `otlpGrpcUrl`: where telemetry goes. Returns HTML. */
export function page(otlpHttpUrl: string, otlpGrpcUrl: string): string {
  const row = ([path, does]: readonly [string, string]): string => {
    const name = path.includes("{") || /=(&|$)/.test(path) ? path : `<a href="${path}">${path}</a>`;
    return `<tr><td><code>${name.replace(/&(?!\w+;)/g, "&amp;")}</code><td>${does}`;
  };
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>lens</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
td { padding: 0.25rem 1.5rem 0.25rem 0; vertical-align: top; }
td:first-child { overflow-wrap: anywhere; }
td:last-child { min-width: 18rem; }
code { font-size: 0.9em; }
</style>
<h1>lens</h1>
<p>Send OTLP to <code>${otlpHttpUrl}</code> (HTTP) or <code>${otlpGrpcUrl}</code> (gRPC), and ask here:
<table>
${ENDPOINTS.map(row).join("\n")}
</table>
</html>
`;
}
