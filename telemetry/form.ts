/**
 * A file of a registry in the form that OpenTelemetry's conventions are written in: groups of attributes, spans,
 * metrics, events and entities. Both of its forms are read, the one with `groups` and `file_format: definition/2`,
 * because upstream is on its way from one to the other. What is not used here (notes, examples, bodies) is passed over.
 *
 * Source: https://github.com/open-telemetry/weaver/tree/main/schemas
 */
import { parse } from "yaml";
import * as z from "zod";

/** `experimental` is what `development` was called before. */
const stability = z
  .enum(["stable", "release_candidate", "beta", "alpha", "development", "experimental"])
  .transform((word) => (word === "experimental" ? "development" : word));
const deprecated = z.union([z.string(), z.looseObject({ renamed_to: z.string().optional() })]);

const member = z.looseObject({
  id: z.string(),
  value: z.union([z.string(), z.number(), z.boolean()]),
  brief: z.string().nullish(),
  stability: stability.optional(),
  deprecated: deprecated.optional(),
});

const requirement = z.union([
  z.enum(["required", "recommended", "opt_in"]),
  z.looseObject({ conditionally_required: z.string() }),
  z.looseObject({ recommended: z.string() }),
]);

const annotations = z.record(z.string(), z.unknown());

/** An attribute where it is defined. */
const defined = z.looseObject({
  type: z.union([z.string(), z.looseObject({ members: z.array(member) })]),
  stability: stability.optional(),
  brief: z.string().nullish(),
  deprecated: deprecated.optional(),
  annotations: annotations.optional(),
});

/** An attribute where it is used. */
const use = z.union([
  z.looseObject({
    ref: z.string(),
    requirement_level: requirement.optional(),
    brief: z.string().nullish(),
    annotations: annotations.optional(),
  }),
  z.looseObject({ ref_group: z.string() }),
  defined.extend({ id: z.string(), requirement_level: requirement.optional() }),
]);

const group = z.looseObject({
  id: z.string(),
  /** Left out, it is a span in the older form. */
  type: z.enum(["attribute_group", "span", "metric", "event", "entity", "resource", "scope"]).optional(),
  stability: stability.optional(),
  brief: z.string().nullish(),
  extends: z.string().optional(),
  attributes: z.array(use).default([]),
  annotations: annotations.optional(),
  deprecated: deprecated.optional(),
  span_kind: z.enum(["client", "server", "producer", "consumer", "internal"]).optional(),
  metric_name: z.string().optional(),
  instrument: z.enum(["counter", "updowncounter", "gauge", "histogram"]).optional(),
  unit: z.string().optional(),
  /** Of an event or an entity. */
  name: z.string().optional(),
});

/** In the newer form each kind has a list of its own, and its id is its type or its name. */
const newer = z.looseObject({
  file_format: z.literal("definition/2"),
  attributes: z.array(defined.extend({ key: z.string() })).default([]),
  attribute_groups: z.array(group.omit({ type: true })).default([]),
  spans: z
    .array(
      z.looseObject({
        type: z.string(),
        kind: group.shape.span_kind.unwrap(),
        stability: stability.optional(),
        brief: z.string().nullish(),
        attributes: z.array(use).default([]),
      }),
    )
    .default([]),
});

const older = z.looseObject({ groups: z.array(group) });

export type Group = z.output<typeof group>;
export type Use = z.output<typeof use>;
export type Defined = z.output<typeof defined>;
export type Requirement = z.output<typeof requirement>;
export type Stability = z.output<typeof stability>;

/** Reads the groups of a file. Throws an Error that names the file and what is wrong in it. */
export function readGroups(file: string, text: string): Group[] {
  const data: unknown = parse(text);
  const isNewer = z.looseObject({ file_format: z.string() }).safeParse(data).success;
  if (isNewer) return groupsOf(file, checked(file, newer, data));
  return checked(file, older, data).groups;
}

function checked<T>(file: string, schema: z.ZodType<T>, data: unknown): T {
  const read = schema.safeParse(data);
  if (read.success) return read.data;
  throw new Error(`${file}: ${z.prettifyError(read.error)}`);
}

/** The newer form in the words of the older. */
function groupsOf(file: string, read: z.output<typeof newer>): Group[] {
  const attributes = read.attributes.map(({ key, ...rest }) => ({ ...rest, id: key }));
  return [
    { id: `attributes of ${file}`, type: "attribute_group", attributes },
    ...read.attribute_groups.map((one): Group => ({ ...one, type: "attribute_group" })),
    ...read.spans.map(
      ({ type, kind, stability, brief, attributes }): Group => ({
        id: `span.${type}`,
        type: "span",
        span_kind: kind,
        stability,
        brief,
        attributes,
      }),
    ),
  ];
}
