/** The table of OpenTelemetry's standard variables: which are the user's, and why the others are not. */
import { OF_BACKEND } from "../copy.ts";
import { OTEL_VARIABLES, type OtelVariable } from "../otel-table.ts";

const WHOSE: Readonly<Record<OtelVariable["whose"], string>> = {
  user: "yours",
  aside: "set aside",
  refused: "refused",
};

const row = (...cells: readonly string[]): string =>
  `|${cells.map((cell) => ` ${cell}`.trimEnd()).join(" |")} |`;

/** The lines of the table. */
export const otelTable = (): string[] => [
  row("variable", "whose", "values", "default here", "what it does, or why it is not obeyed"),
  "|---|---|---|---|---|",
  ...OTEL_VARIABLES.map(({ name, whose, allowed, preset = "", says }) =>
    row(`\`${name}\``, WHOSE[whose], allowed, preset, says),
  ),
];

/** What compose passes on to every service: all that is the user's, but for what speaks of a backend. */
export const otelPassed = (): string[] => composed().map((name) => `  ${name}:`);

/** In compose the services speak to the Collector, and a backend of the user's own gets its copy from there. */
const composed = (): string[] =>
  OTEL_VARIABLES.filter(({ name, whose }) => whose === "user" && !OF_BACKEND.includes(name)).map(
    ({ name }) => name,
  );
