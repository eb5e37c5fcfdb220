/** The registry's names as constants: what code imports instead of writing a name down. */
import type { AttributeRow, MetricRow, Registry } from "../rows.ts";

/** Baggage keys that the edge lets in. They are no attributes, but travel, and so are written down here once. */
const BAGGAGE = {
  correlationId: "correlation.id",
  fault: "fault",
  async: "async",
  scenarioRun: "scenario.run",
} as const;

/** A line of prose is no longer. */
const WIDTH = 120;

const RENDERED = "Rendered from telemetry/registry/ by `npm run render`.";

/** A doc comment of `text`, indented. */
function comment(text: string, indent = ""): string {
  const one = `${indent}/** ${text} */`;
  if (one.length <= WIDTH) return one;
  const lines = [`${indent} *`];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    const longer = `${lines[last]} ${word}`;
    if (longer.length > WIDTH) lines.push(`${indent} * ${word}`);
    else lines[last] = longer;
  }
  return [`${indent}/**`, ...lines, `${indent} */`].join("\n");
}

interface Constant {
  readonly key: string;
  readonly value: string;
  readonly brief: string;
}

/** The constants whose code is `<object>.<key>`. */
const of = (object: string, rows: Iterable<AttributeRow | MetricRow>): Constant[] =>
  [...rows].flatMap(({ code, name, brief }) => {
    const [owner, key] = code?.split(".") ?? [];
    return owner === object && key !== undefined ? [{ key, value: name, brief }] : [];
  });

const object = (name: string, brief: string, constants: readonly Constant[]): string =>
  [
    comment(brief),
    `export const ${name} = {`,
    ...constants.flatMap(({ key, value, brief }) => [comment(brief, "  "), `  ${key}: "${value}",`]),
    "} as const;",
  ].join("\n");

const camel = (words: string): string =>
  words.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The values of an attribute, for the object that its row names. */
function membersOf(object: string, registry: Registry): Constant[] {
  return [...registry.attributes.values()]
    .filter(({ codeOfMembers }) => codeOfMembers === object)
    .flatMap(({ members, briefs }) =>
      Object.entries(members).map(([id, value]) => ({
        key: camel(id),
        value: String(value),
        brief: `${briefs[id] ?? ""}.`.replace(/^./, (letter) => letter.toUpperCase()),
      })),
    );
}

const scope = (registry: Registry, version: string): string =>
  [
    comment(
      "What our own spans and metrics come from, its version, and the conventions that their names follow.",
    ),
    "export const SCOPE = {",
    '  name: "baton",',
    `  version: "${version}",`,
    `  schemaUrl: "https://opentelemetry.io/schemas/${registry.version}",`,
    "} as const;",
  ].join("\n");

/** `services/_kit/telemetry/conventions.ts`. `version`: the product's own. */
export function conventions(registry: Registry, version: string): string {
  const attributes = registry.attributes.values().toArray();
  const metrics = registry.metrics.values().toArray();
  const objects = [
    scope(registry, version),
    object("ATTR", "Attributes that OpenTelemetry's conventions define.", of("ATTR", attributes)),
    object(
      "BATON",
      "Attributes of our own, where no convention has one. Durations are in seconds.",
      of("BATON", attributes),
    ),
    [
      comment("Baggage keys that the edge lets in. Everything else is replaced there."),
      "export const BAGGAGE = {",
      ...Object.entries(BAGGAGE).map(([key, value]) => `  ${key}: "${value}",`),
      "} as const;",
    ].join("\n"),
    object("LINK", "On links: why the link is there.", [
      ...of("LINK", attributes),
      ...membersOf("LINK", registry),
    ]),
    object("METRIC", "Metrics.", of("METRIC", metrics)),
    object(
      "LIBRARY",
      "Metrics that libraries emit. Dashboards and alerts read them; no code writes them.",
      of("LIBRARY", metrics),
    ),
    object("GAUGE", "Gauges: what lies somewhere when metrics are collected.", of("GAUGE", metrics)),
  ];
  const head = comment(
    `Every name of telemetry that code writes or reads, by OpenTelemetry's conventions ${registry.version}. ${RENDERED} ` +
      "Plain constants: this file imports nothing and is safe in a browser.",
  );
  return `${head}\n\n${objects.join("\n\n")}\n`;
}

/** `services/_kit/telemetry/instruments.ts`: what a metric of ours is measured with. */
export function instruments(registry: Registry): string {
  const ours = registry.metrics.values().filter(({ source }) => source === "services");
  const lines = ours.map(({ name, instrument, unit, brief, buckets }) =>
    [
      `  "${name}": {`,
      `    instrument: "${instrument}",`,
      `    unit: "${unit}",`,
      ...described(brief),
      ...(buckets ? [`    buckets: [${buckets.join(", ")}],`] : []),
      "  },",
    ].join("\n"),
  );
  return [
    comment(
      `What each metric of the services is measured with: its unit, its description, its buckets. ${RENDERED} ` +
        "Imports nothing, as `conventions.ts`.",
    ),
    "",
    "export interface Instrument {",
    '  readonly instrument: "counter" | "updowncounter" | "gauge" | "histogram";',
    "  readonly unit: string;",
    "  readonly description: string;",
    "  /** Bounds of a histogram's. */",
    "  readonly buckets?: readonly number[];",
    "}",
    "",
    comment("By the metric's name."),
    "export const INSTRUMENTS = {",
    ...lines,
    "} as const satisfies Readonly<Record<string, Instrument>>;",
    "",
  ].join("\n");
}

/** `services/_kit/telemetry/log-fields.ts`: what a log record may say beside its text. */
export function logFields(registry: Registry): string {
  const rows = [...registry.any.log.keys()].flatMap((name) => registry.attributes.get(name) ?? []);
  return [
    comment(
      `What any log record may say beside its text. ${RENDERED} Imports nothing, as \`conventions.ts\`.`,
    ),
    "export interface LogFields {",
    ...rows.flatMap((row) => [comment(row.brief, "  "), `  readonly "${row.name}"?: ${typeOf(row)};`]),
    "}",
    "",
  ].join("\n");
}

/** In TypeScript. Throws for a type that no log record has needed so far. */
function typeOf({ name, type, values }: AttributeRow): string {
  if (values) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (type === "string" || type === "boolean") return type;
  if (type === "int" || type === "double") return "number";
  throw new Error(`${name}: there is no code yet for a log field of type ${type}`);
}

/** The formatter breaks a line of code that is longer than this. */
const CODE_WIDTH = 110;

function described(brief: string): string[] {
  const one = `    description: ${JSON.stringify(brief)},`;
  return one.length <= CODE_WIDTH ? [one] : ["    description:", `      ${JSON.stringify(brief)},`];
}
