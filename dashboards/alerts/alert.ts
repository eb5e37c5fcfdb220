/** Alert rules, and the file of Prometheus that they render to. */
import { stringify } from "yaml";
import { meaningsOf } from "../meanings.ts";

export interface Alert {
  readonly alert: string;
  /** PromQL, with a comparison at its top. */
  readonly expr: string;
  /** How long it must hold, such as `30s`; left out, the alert fires at once. */
  readonly for?: string;
  /** `page`: users notice, or messages are lost. `ticket`: it can wait until morning. */
  readonly severity: "page" | "ticket";
  /** With labels of the alert as Prometheus' templates have them. */
  readonly summary: string;
  readonly description: string;
  /** How to make it fire here, and what to look at. */
  readonly runbook: string;
}

export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** What an alert says of the metrics that it asks for: the annotation `means`; undefined when the registry has none. */
export function meansOf({ expr }: Alert): string | undefined {
  const meanings = meaningsOf([expr]);
  return meanings.length === 0 ? undefined : meanings.join("\n");
}

const HEAD = `# Alerts. Each rule's runbook line says how to make it fire here, \`means\` what its metrics are, as the registry of names
# has it. \`page\`: users notice, or messages are lost. \`ticket\`: it can wait until morning.
# Rendered from dashboards/alerts/ by npm run dashboards.
`;

/** The file of rules, in YAML. */
export function rulesFile(groups: readonly AlertGroup[]): string {
  const rules = groups.map(({ name, alerts }) => ({ name, rules: alerts.map(ruleOf) }));
  return HEAD + stringify({ groups: rules }, { lineWidth: 118, blockQuote: "literal" });
}

function ruleOf(one: Alert) {
  const { alert, expr, severity, summary, description, runbook } = one;
  const means = meansOf(one);
  return {
    alert,
    expr,
    ...(one.for !== undefined && { for: one.for }),
    labels: { severity },
    annotations: { summary, description, runbook, ...(means !== undefined && { means }) },
  };
}
