/** The tables of docs/telemetry.md: every name, what it is and means, and where it comes from. */
import { LIBRARY_FAULTS } from "../libraries.ts";
import type { AttributeRow, Levels, Registry, SpanRow } from "../rows.ts";

const row = (...cells: readonly string[]): string =>
  `|${cells.map((cell) => (cell === "" ? " " : ` ${cell.replaceAll("|", "\\|")} `)).join("|")}|`;

const head = (...cells: readonly string[]): string[] => [
  row(...cells),
  `|${cells.map(() => "---|").join("")}`,
];

const code = (text: string): string => `\`${text}\``;

/** Below this stands every file of upstream's model. */
const MODEL = "https://github.com/open-telemetry/semantic-conventions/blob/main/";

/** A file of the model in two words, such as `messaging spans`: it is no path of ours. */
const titleOf = (file: string): string => file.replace(/^model\/|\.yaml$/g, "").replaceAll("/", " ");

const origin = (upstream: string | undefined): string =>
  upstream === undefined ? "ours" : `[${titleOf(upstream)}](${MODEL}${upstream})`;

const stabilityOf = (stability: string): string => stability.replaceAll("_", " ");

/** Its values where they are few; its type otherwise. */
const typeOf = ({ type, values }: AttributeRow): string =>
  values === undefined ? type : values.map((value) => code(String(value))).join(", ");

/** Each table by the name of its block. */
export function nameTables(registry: Registry): Readonly<Record<string, readonly string[]>> {
  const attributes = registry.attributes.values().toArray();
  const isOurs = ({ upstream }: AttributeRow) => upstream === undefined;
  return {
    conventions: [`OpenTelemetry's semantic conventions ${registry.version}.`],
    spans: spanTable(registry),
    metrics: metricTable(registry),
    events: eventTable(registry),
    resource: levelTable(registry, registry.resource),
    records: levelTable(registry, registry.any.log),
    libraries: libraryTable(),
    own: attributeTable(attributes.filter(isOurs)),
    standard: attributeTable(attributes.filter((one) => !isOurs(one))),
  };
}

function attributeTable(rows: readonly AttributeRow[]): string[] {
  return [
    ...head("attribute", "type or values", "means", "stability", "source"),
    ...rows
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((one) =>
        row(code(one.name), typeOf(one), one.brief, stabilityOf(one.stability), origin(one.upstream)),
      ),
  ];
}

/** Of the levels of something, those that always or sometimes must be there, of the names that are emitted. */
function needed(registry: Registry, levels: Levels): string {
  const of = (level: string): string[] =>
    [...levels]
      .filter(([name, is]) => is === level && registry.attributes.has(name))
      .map(([name]) => code(name));
  const sometimes = of("conditionally_required");
  return [of("required").join(", "), sometimes.length > 0 ? `when it applies: ${sometimes.join(", ")}` : ""]
    .filter((text) => text !== "")
    .join("; ");
}

function spanTable(registry: Registry): string[] {
  const matched = ({ match }: SpanRow): string =>
    Object.entries(match)
      .map(([name, value]) => (value === "*" ? code(name) : `${code(name)} ${code(value)}`))
      .join(", ");
  return [
    ...head("span", "kind", "means", "known by", "must have", "source"),
    ...registry.spans.map((span) =>
      row(
        span.names.map(code).join(" or "),
        span.kind,
        span.setting === undefined ? span.brief : `${span.brief} Only with ${code(span.setting)}.`,
        matched(span),
        needed(registry, span.attributes),
        `${code(span.source)}, ${origin(span.upstream)}`,
      ),
    ),
  ];
}

function metricTable(registry: Registry): string[] {
  return [
    ...head("metric", "instrument", "unit", "means", "by", "stability", "source"),
    ...registry.metrics
      .values()
      .map(({ name, instrument, unit, brief, attributes, stability, source, upstream }) =>
        row(
          code(name),
          instrument,
          code(unit),
          brief,
          needed(registry, attributes),
          stabilityOf(stability),
          `${code(source)}, ${origin(upstream)}`,
        ),
      ),
  ];
}

function eventTable(registry: Registry): string[] {
  return [
    ...head("event", "means", "says"),
    ...registry.events
      .values()
      .map(({ name, brief, attributes }) =>
        row(code(name), brief, [...attributes.keys()].map(code).join(", ")),
      ),
  ];
}

function libraryTable(): string[] {
  return [
    ...head("library", "what is wrong", "why no hook mends it"),
    ...LIBRARY_FAULTS.map(({ library, version, wrong, why }) =>
      row(code(`${library} ${version}`), wrong, why),
    ),
  ];
}

function levelTable(registry: Registry, levels: Levels): string[] {
  return [
    ...head("attribute", "level", "means"),
    ...[...levels].flatMap(([name, level]) => {
      const attribute = registry.attributes.get(name);
      return attribute ? [row(code(name), level.replaceAll("_", " "), attribute.brief)] : [];
    }),
  ];
}
