/** The text for a checkout that was not as promised: what was wrong, and where to look. Pure. */

/** Addresses of the trace viewers, without a slash at the end; empty for one that is not there. */
export interface Links {
  readonly lens: string;
  readonly jaeger: string;
}

export interface Ids {
  readonly traceId: string;
  readonly correlationId: string;
}

/** The failure as a block of lines. `why`: a line for each finding. */
export function failureText(scenario: string, why: readonly string[], ids: Ids, links: Links): string {
  const { traceId, correlationId } = ids;
  const rows: [string, string][] = [
    ["trace", traceId],
    ["tree", `npm run trace -- ${traceId}`],
    ["logs", `npm run logs -- ${correlationId}`],
  ];
  if (links.lens) rows.push(["lens", `${links.lens}/api/journeys/${traceId}`]);
  if (links.jaeger) rows.push(["jaeger", `${links.jaeger}/trace/${traceId}`]);
  return [
    `✗ ${scenario}  ${why.join("; ")}`,
    ...rows.map(([what, where]) => `    ${what.padEnd(7)} ${where}`),
  ].join("\n");
}
