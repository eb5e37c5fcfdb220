/**
 * The data sources, each behind a variable of the dashboards, so that any Grafana can show them: panels and links refer
 * to the variable, and its value is chosen at the top of the dashboard.
 */
import {
  DatasourceVariableBuilder,
  TextBoxVariableBuilder,
  type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";

/** Values of the variables: uids of data sources, and the address of lens as the browser knows it. */
export interface Sources {
  readonly prometheus: string;
  readonly jaeger: string;
  readonly loki: string;
  readonly lens: string;
}

/** Those of our own Grafana, which provisions the data sources with these uids. Links contain them, so they last. */
export const OWN: Sources = {
  prometheus: "baton-prometheus",
  jaeger: "baton-jaeger",
  loki: "baton-loki",
  lens: "http://127.0.0.1:4000",
};

/** How Grafana writes a variable. */
export const variable = (name: string): string => `\${${name}}`;

/** What panels and queries refer to: Grafana puts the variable's value in place of the uid. */
export const DATASOURCES = {
  prometheus: { type: "prometheus", uid: variable("prometheus") },
  jaeger: { type: "jaeger", uid: variable("jaeger") },
  loki: { type: "loki", uid: variable("loki") },
};

/** What links to lens begin with. */
export const LENS = variable("lens");

const LABELS: Readonly<Record<keyof typeof DATASOURCES, string>> = {
  prometheus: "Metrics",
  jaeger: "Traces",
  loki: "Logs",
};

/** The variables that `json` refers to, with their values. A Grafana without such a uid takes its first data source. */
export function variablesFor(json: string, sources: Sources): VariableModel[] {
  const asked = Object.values(DATASOURCES)
    .filter(({ uid }) => json.includes(uid))
    .map(({ type }) => type as keyof typeof DATASOURCES);
  return [
    ...asked.map((type) =>
      new DatasourceVariableBuilder(type)
        .label(LABELS[type])
        .type(type)
        .current({ selected: false, text: sources[type], value: sources[type] })
        .build(),
    ),
    new TextBoxVariableBuilder("lens")
      .label("lens")
      .description("The address of lens, as your browser reaches it.")
      .defaultValue(sources.lens)
      .current({ selected: false, text: sources.lens, value: sources.lens })
      .options([{ selected: true, text: sources.lens, value: sources.lens }])
      .build(),
  ];
}
