/** The tables of the documents that repeat what the code declares. */

import { type Links, type Parent, SHAPES } from "../../load/shapes.ts";
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

/** Each service with what it calls, the events that it hears and in which way, its queues and its storage. */
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

const PARENT: Readonly<Record<Parent, string>> = {
  caller: "none; the caller's where its trace goes on",
  under: "what called, or the creation context",
  mode: "the creation context; none in mode `link`",
  receive: "the batch's `receive`",
  first: "as the first attempt",
  none: "none, in every mode",
};
const LINKS: Readonly<Record<Links, string>> = {
  none: "",
  under: "creation context",
  mode: "creation context; none in mode `parent`",
  jobs: "creation context of each job",
  "first and previous": "as the first attempt, and the attempt before",
  "under and previous": "where it began, and the last attempt",
};

/** The shape of each hop, as in the table of hops. */
export function shapeTable(): string[] {
  const rows = Object.values(SHAPES).map(({ moment, span, parent, links }) =>
    row(moment, span.replaceAll("<", "&lt;"), PARENT[parent], LINKS[links]),
  );
  return [...head("moment", "span", "parent", "links"), ...rows];
}
