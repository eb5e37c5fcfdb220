/**
 * OpenTelemetry's standard variables, every one that Node's SDK reads and every one of the specification: what each may
 * hold, whose it is, and why. The check before the start, the doctor, compose and docs/settings.md read this
 * table.
 *
 * - `user`: the user's. It is obeyed, in each service.
 * - `aside`: set aside, and said in one line at the start. It belongs to one process, or Node's SDK does not read it.
 * - `refused`: it can neither be obeyed nor be set aside without a surprise, so that nothing starts.
 *
 * Sources: specification 1.50, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter"; the packages
 * sdk-node 0.301 and otlp-exporter-base 0.301.
 */
import {
  anything,
  listOf,
  oneOf,
  oneOfCaseless,
  pairs,
  ratio,
  url,
  type Values,
  type Variable,
  whole,
} from "./values.ts";

export interface OtelVariable extends Variable {
  readonly whose: "user" | "aside" | "refused";
  /** What it does; of one that is not the user's, why it is not. */
  readonly says: string;
  /** Its default here, in words. */
  readonly preset?: string;
}

const user = (name: string, values: Values, says: string, preset = ""): OtelVariable => ({
  name,
  ...values,
  whose: "user",
  says,
  preset,
});
const aside = (name: string, says: string): OtelVariable => ({ name, ...anything(""), whose: "aside", says });
const refused = (name: string, says: string): OtelVariable => ({
  name,
  ...anything(""),
  whose: "refused",
  says,
});

export const SIGNALS = ["TRACES", "METRICS", "LOGS"] as const;
const bool = oneOfCaseless("true", "false");
const exporters = listOf(["otlp", "console", "none"]);

/** Node's instrumentations by their short names; both lists of auto-instrumentations-node hold such names. */
const INSTRUMENTATION = /^[a-z0-9.-]+$/;
const instrumentationNames = (http: "in it" | "not in it"): Values => ({
  allowed: `short names such as http,pg,ioredis, with http ${http}`,
  isRight: (value) => {
    const names = value.split(",").map((name) => name.trim());
    return names.every((name) => INSTRUMENTATION.test(name)) && names.includes("http") === (http === "in it");
  },
});

const general: readonly OtelVariable[] = [
  user("OTEL_SDK_DISABLED", bool, "no spans, metrics or logs, as `BATON_TELEMETRY=off`", "false"),
  aside("OTEL_SERVICE_NAME", "it names one process, and each service has a name of its own"),
  user(
    "OTEL_RESOURCE_ATTRIBUTES",
    pairs,
    "attributes of every service; `service.name` and `service.instance.id` in it are set aside",
  ),
  user(
    "OTEL_LOG_LEVEL",
    oneOfCaseless("none", "error", "warn", "info", "debug", "verbose", "all"),
    "what the SDK itself says in the services' logs",
    "info",
  ),
  user(
    "OTEL_PROPAGATORS",
    listOf(["tracecontext", "baggage", "b3", "b3multi"], ["tracecontext", "baggage"]),
    "how calls carry the context; rows, messages and jobs store W3C's, so these two stay",
    "tracecontext,baggage",
  ),
  refused(
    "OTEL_CONFIG_FILE",
    "a configuration file would replace the samplers and processors that hand the context on: set variables instead",
  ),
  aside("OTEL_ENTITIES", "Node's SDK does not read it"),
];

const traces: readonly OtelVariable[] = [
  user(
    "OTEL_TRACES_SAMPLER",
    oneOf(
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ),
    "which traces are kept; the gateway decides for itself, whatever a caller says",
    "parentbased_always_on",
  ),
  user("OTEL_TRACES_SAMPLER_ARG", ratio, "the share of a ratio", "1"),
];

const COUNT = "the SDK's own";
/** The SDK ignores a length of 0, and keeps the value whole. */
const length = whole(1);
const count = whole(0);
const limits: readonly OtelVariable[] = [
  user("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", length, "longest value of an attribute", "none"),
  user("OTEL_ATTRIBUTE_COUNT_LIMIT", count, "attributes of a span or log record", COUNT),
  user("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", length, "the same for spans alone", "none"),
  user("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", count, "the same for spans alone", COUNT),
  user("OTEL_SPAN_EVENT_COUNT_LIMIT", count, "events of a span", COUNT),
  user("OTEL_SPAN_LINK_COUNT_LIMIT", count, "links of a span; a batch has one for each message", COUNT),
  user("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", count, "attributes of an event", COUNT),
  user("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", count, "attributes of a link", COUNT),
  user("OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT", count, "the older name of the limit for events", COUNT),
  user("OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT", count, "the older name of the limit for links", COUNT),
  user("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", length, "the same for log records alone", "none"),
  user("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", count, "the same for log records alone", COUNT),
];

const batches: readonly OtelVariable[] = [
  ["BSP", "spans"] as const,
  ["BLRP", "log records"] as const,
].flatMap(([prefix, what]) => [
  user(`OTEL_${prefix}_SCHEDULE_DELAY`, whole(1), `ms until ${what} are sent`, "200"),
  user(`OTEL_${prefix}_EXPORT_TIMEOUT`, whole(1), `ms for one request of ${what}`, "30000"),
  user(`OTEL_${prefix}_MAX_QUEUE_SIZE`, whole(1), `${what} that may wait`, "16384"),
  user(`OTEL_${prefix}_MAX_EXPORT_BATCH_SIZE`, whole(1), `${what} of one request`, "512"),
]);

const metrics: readonly OtelVariable[] = [
  user("OTEL_METRIC_EXPORT_INTERVAL", whole(1), "ms between two exports of metrics", "5000"),
  user("OTEL_METRIC_EXPORT_TIMEOUT", whole(1), "ms for one of them, at most the interval", "30000"),
  aside("OTEL_METRICS_EXEMPLAR_FILTER", "Node's SDK does not read it"),
];

const ANY: Readonly<Record<string, readonly [Values, string, string]>> = {
  ENDPOINT: [
    { ...url("http", "https"), isRight: (value) => url("http", "https").isRight(value) && !hasUser(value) },
    "a backend of your own: it gets a copy, and lens keeps its own",
    "lens alone",
  ],
  PROTOCOL: [
    oneOf("http/protobuf", "http/json", "grpc"),
    "how the copy is sent; without an endpoint, how lens is spoken to",
    "http/protobuf",
  ],
  HEADERS: [pairs, "sent with each request of the copy, such as a key; never shown", "none"],
  TIMEOUT: [whole(1), "ms for one request", "10000"],
  COMPRESSION: [oneOf("gzip", "none"), "of each request", "none to lens, gzip for the copy"],
  CERTIFICATE: [
    anything("a file (PEM)"),
    "the authority that the copy's backend is trusted by",
    "Node's own",
  ],
  CLIENT_CERTIFICATE: [anything("a file (PEM)"), "what the copy's backend knows us by", "none"],
  CLIENT_KEY: [anything("a file (PEM)"), "its key", "none"],
};

/** An address with a user name is a secret in the wrong place: the headers are for that. */
const hasUser = (value: string): boolean => URL.parse(value)?.username !== "";

const otlp: readonly OtelVariable[] = ["", ...SIGNALS.map((signal) => `${signal}_`)].flatMap((signal) => [
  ...Object.entries(ANY).map(([what, [values, says, preset]]) =>
    user(
      `OTEL_EXPORTER_OTLP_${signal}${what}`,
      values,
      signal === "" ? says : `the same for ${signal.slice(0, -1).toLowerCase()} alone`,
      signal === "" ? preset : "as that of all",
    ),
  ),
  aside(
    `OTEL_EXPORTER_OTLP_${signal}INSECURE`,
    "it is for an address without a scheme, and ours have one: http:// or https:// says it",
  ),
]);

const exporting: readonly OtelVariable[] = [
  ...SIGNALS.map((signal) =>
    user(
      `OTEL_${signal}_EXPORTER`,
      exporters,
      signal === "TRACES" ? "where they go; console: into the service's log file, too" : "the same",
      "otlp",
    ),
  ),
  ...otlp,
  user(
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    oneOfCaseless("cumulative", "delta", "lowmemory"),
    "of counters and histograms; Prometheus wants cumulative",
    "cumulative",
  ),
  aside("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "Node's SDK does not read it"),
  ...["HOST", "PORT"].map((what) =>
    aside(
      `OTEL_EXPORTER_PROMETHEUS_${what}`,
      "one port belongs to one process, and there is no such exporter here",
    ),
  ),
  ...["ENDPOINT", "TIMEOUT"].map((what) =>
    aside(
      `OTEL_EXPORTER_ZIPKIN_${what}`,
      "there is no such exporter here: Zipkin takes OTLP from a Collector",
    ),
  ),
];

const node: readonly OtelVariable[] = [
  user(
    "OTEL_NODE_RESOURCE_DETECTORS",
    listOf(["service", "host", "process", "all", "none"]),
    "what is found out about each process",
    "none",
  ),
  user(
    "OTEL_NODE_ENABLED_INSTRUMENTATIONS",
    instrumentationNames("in it"),
    "only these; http decides the correlation id at the gateway, so it stays",
    "all of `BATON_INSTRUMENTATION`",
  ),
  user("OTEL_NODE_DISABLED_INSTRUMENTATIONS", instrumentationNames("not in it"), "not these", "none"),
  user("OTEL_NODE_EXPERIMENTAL_SDK_METRICS", bool, "the SDK's metrics about itself", "true"),
  user(
    "OTEL_SEMCONV_STABILITY_OPT_IN",
    {
      allowed: "a list such as http,database/dup",
      isRight: (value) => value.split(",").every((entry) => /^[a-z]+(\/dup)?$/.test(entry.trim())),
    },
    "which names the instrumentations use; the dashboards need the stable ones",
    "http,database",
  ),
];

export const OTEL_VARIABLES: readonly OtelVariable[] = [
  ...general,
  ...traces,
  ...limits,
  ...batches,
  ...metrics,
  ...exporting,
  ...node,
];
