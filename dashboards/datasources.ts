/** The data sources that Grafana is provisioned with, by the uid that panels and links refer to. Fixed, so that links last. */
export const DATASOURCES = {
  prometheus: { type: "prometheus", uid: "baton-prometheus" },
  jaeger: { type: "jaeger", uid: "baton-jaeger" },
  loki: { type: "loki", uid: "baton-loki" },
} as const;
