/** The topology with everything that it must agree with: checked before anything is started. */
import { COMMANDS } from "../../services/_contracts/commands.ts";
import { EVENTS } from "../../services/_contracts/events.ts";
import { lens, services, ports as sharedPorts } from "../../services/topology.ts";
import { checkTopology, type Facts } from "../../services/topology-check.ts";
import { Problem } from "../problem.ts";
import { stackPorts } from "../stack/ports.ts";

export const facts: Facts = {
  services,
  ports: { lens: lens.port, ...sharedPorts, ...stackPorts },
  events: EVENTS,
  commands: COMMANDS,
};

/** Throws a Problem `topology` with a line for each mistake in it, and its fix. */
export function assertTopology(given: Facts = facts): void {
  const found = checkTopology(given);
  if (found.length > 0) throw new Problem("topology", found.join("\n"));
}
