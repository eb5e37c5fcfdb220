/**
 * Grafana's provisioned data sources, with the uids that panels and links refer to. They are fixed, so that links last.
 */
export const DATASOURCES = {
  prometheus: { type: "prometheus", uid: "baton-prometheus" },
  jaeger: { type: "jaeger", uid: "baton-jaeger" },
  loki: { type: "loki", uid: "baton-loki" },
} as const;
