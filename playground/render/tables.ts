/** The tables of the documents that say once more what services/topology.ts says. */
import type { Service, Way } from "../../services/declare.ts";
import { lens } from "../../services/topology.ts";
import { stackPorts } from "../stack/ports.ts";

const row = (...cells: readonly (string | number)[]): string =>
  `|${cells.map((cell) => (cell === "" ? " " : ` ${cell} `)).join("|")}|`;
const head = (...cells: readonly string[]): string[] => [
  row(...cells),
  `|${cells.map(() => "---|").join("")}`,
];

/** Every port that listens, and what for. */
export function portTable(services: readonly Service[]): string[] {
  const { jaeger, prometheus, grafana } = stackPorts;
  return [
    ...head("part", "port", "does"),
    ...[...services, lens].map(({ name, port, does }) => row(name, port, does)),
    row("k6", 5665, "its own page, while a load runs"),
    row(
      "jaeger, prometheus, grafana, loki",
      [jaeger, prometheus, grafana, 3100].join(", "),
      "with `--full` (no Loki; Grafana when installed) and in compose",
    ),
  ];
}

const WAYS: Readonly<Record<Way, string>> = { single: "", ordered: "in order: ", batches: "in batches: " };

/** Each service with its neighbours: what it calls, what it hears and in which way, its queues. */
export function serviceTable(services: readonly Service[]): string[] {
  const list = (names: readonly string[]): string => names.join(", ");
  return [
    ...head("service", "does", "calls", "hears", "works off", "keeps"),
    ...services.map((service) => {
      const { name, does, calls, worksOff, database, outbox } = service;
      const keeps = [...(database ? ["a database"] : []), ...(outbox ? ["an outbox"] : [])];
      return row(name, does, list(calls), heardBy(service), list(worksOff), list(keeps));
    }),
  ];
}

function heardBy({ hears, follows }: Service): string {
  if (follows) return "all events, live";
  const byWay = Map.groupBy(Object.entries(hears), ([, way]) => way);
  return [...byWay].map(([way, events]) => WAYS[way] + events.map(([type]) => type).join(", ")).join("; ");
}
