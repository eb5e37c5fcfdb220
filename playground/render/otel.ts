/** The table of OpenTelemetry's standard variables: which are the user's, and why the others are not. */
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
