/** Few places name the broker that carries the events, so another one is a new folder and one line that chooses it. */
import { type Exceptions, outdated } from "../repository/exception.ts";
import { isProduct, type Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

/** Files, and folders with everything below them, that may name the broker. */
const KNOWN: Exceptions = {
  "services/_kit/nats/": "the connection",
  "services/_kit/events/nats/": "the broker behind the port",
  "services/_kit/service/broker.ts": "chooses by the address",
  "services/_kit/process/config.ts": "reads the address",
  "services/topology.ts": "says what a service needs to reach",
  "services/declare.ts": "what a declaration may say",
};

const SAID = /nats|jetstream/i;
/** How a comment may name the broker's folder. */
const FOLDER = /`nats\/`/g;

/** Each line of the shop that names the broker outside the listed places. */
export function brokerSaid(repository: Repository, known = KNOWN): Violation[] {
  const needed = new Set<string>();
  const found = repository.sources
    .filter((source) => isProduct(source) && source.file.startsWith("services/"))
    .flatMap(({ file, text }) => {
      const lines = text.split("\n");
      const said = lines.flatMap((line, i) => (SAID.test(line.replace(FOLDER, "")) ? [i + 1] : []));
      const place = Object.keys(known).find(
        (one) => file === one || (one.endsWith("/") && file.startsWith(one)),
      );
      if (place !== undefined && said.length > 0) needed.add(place);
      if (place !== undefined) return [];
      return said.map((line) => ({
        file,
        line,
        what: "names the broker",
        remedy: "use the port, services/_kit/events/broker.ts",
      }));
    });
  return [
    ...found,
    ...outdated(repository, "tests/tidy/imports/broker.ts", known, needed, "nothing there names the broker"),
  ];
}
