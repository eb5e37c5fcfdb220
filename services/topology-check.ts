/**
 * Checks the topology: declarations that contradict each other, or name something that is not there. Each finding is
 * one line and says what to change. A test runs this check, and so does `npm start` before anything else.
 */
import type { Memory, Service } from "./declare.ts";

/** All that the check looks at, so that a test can make up any of it. */
export interface Facts {
  readonly services: readonly Service[];
  /** Ports of everything else that listens, by name. */
  readonly ports: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, { readonly from: string; readonly to: readonly string[] }>>;
  readonly commands: Readonly<
    Record<string, { readonly queue: string; readonly from: string; readonly to: string }>
  >;
}

const TOPOLOGY = "services/topology.ts";
const EVENTS = "services/_contracts/events.ts";
const COMMANDS = "services/_contracts/commands.ts";
/** A name is used for a folder, a database, a variable and a host. */
const NAME = /^[a-z]{2,30}$/;
/** Memory beside the heap: code, buffers, stacks and libraries. */
const NATIVE_MB = 32;

/** All findings, in the order of the declarations; empty when nothing is wrong. */
export function checkTopology(facts: Facts): string[] {
  const found = namesAndPorts(facts);
  // With a duplicate name, the other findings would be duplicates as well.
  if (found.length > 0) return found;
  return [
    ...facts.services.flatMap(ofOne),
    ...variables(facts),
    ...calls(facts),
    ...heard(facts),
    ...queues(facts),
  ];
}

const known = ({ services }: Facts, name: string): boolean => services.some((one) => one.name === name);
const named = ({ services }: Facts): string => services.map(({ name }) => name).join(", ");

function namesAndPorts({ services, ports }: Facts): string[] {
  const found: string[] = [];
  const names = new Set<string>();
  const holders = new Map(Object.entries(ports).map(([name, port]) => [port, name]));
  for (const { name, port } of services) {
    if (!NAME.test(name))
      found.push(`${TOPOLOGY}: "${name}" is no name for a service: take 2 to 30 small letters`);
    if (names.has(name)) {
      found.push(`${TOPOLOGY}: ${name} is declared twice: remove one of the two, or give it another name`);
      continue;
    }
    names.add(name);
    const holder = holders.get(port);
    if (!Number.isInteger(port) || port < 1_024 || port > 65_535)
      found.push(`${TOPOLOGY}: ${name} has the port ${port}: take one from 1024 to 65535`);
    else if (holder !== undefined)
      found.push(
        `${TOPOLOGY}: the port ${port} of ${name} is taken by ${holder}: ${freePort(name, services, holders)} is free`,
      );
    else holders.set(port, name);
  }
  return found;
}

/** The first free port for `name` above those of the other services. */
function freePort(name: string, services: readonly Service[], holders: ReadonlyMap<number, string>): number {
  let port = Math.max(...services.filter((one) => one.name !== name).map((one) => one.port)) + 1;
  while (holders.has(port)) port++;
  return port;
}

/** Findings about one service by itself. */
function ofOne({ name, database, outbox, hears, settings, memory }: Service): string[] {
  const found: string[] = [];
  const leastMb = leastLimitMb(memory);
  if (memory.limitMb < leastMb) {
    found.push(
      `${TOPOLOGY}: ${name} needs ${leastMb} MB and may take ${memory.limitMb}: raise \`limitMb\`, or lower \`heapMb\``,
    );
  }
  if (outbox && !database)
    found.push(`${TOPOLOGY}: ${name} has an outbox and no database to keep it in: add \`database: true\``);
  if (Object.keys(hears).length > 0 && !database)
    found.push(
      `${TOPOLOGY}: ${name} hears events and has no database to count attempts in: add \`database: true\``,
    );
  for (const [variable, { least, most, preset }] of Object.entries(settings)) {
    if (preset < least || preset > most) {
      found.push(
        `${TOPOLOGY}: ${variable} of ${name} has the preset ${preset}: take one from ${least} to ${most}`,
      );
    }
  }
  return found;
}

/** The least MB that a container must have: with less it is killed before V8 collects garbage. */
export const leastLimitMb = ({ heapMb, youngMb = 0 }: Omit<Memory, "limitMb">): number =>
  // V8's young space is three times what its flag says.
  heapMb + 3 * youngMb + NATIVE_MB;

/** A variable that two services declare would have two presets. */
function variables({ services }: Facts): string[] {
  const owners = new Map<string, string>();
  return services.flatMap(({ name, settings, folders }) =>
    [...Object.keys(settings), ...Object.keys(folders)].flatMap((variable) => {
      const owner = owners.get(variable);
      owners.set(variable, name);
      if (owner === undefined) return [];
      return [`${TOPOLOGY}: ${owner} and ${name} both declare ${variable}: give one of them another name`];
    }),
  );
}

function calls(facts: Facts): string[] {
  return facts.services.flatMap(({ name, calls: called }) =>
    called.flatMap((other) => {
      if (other === name) return [`${TOPOLOGY}: ${name} calls itself: take it out of its \`calls\``];
      if (known(facts, other)) return [];
      return [`${TOPOLOGY}: ${name} calls ${other}, which is not declared: the services are ${named(facts)}`];
    }),
  );
}

/** Compares the table of events with what the services declare. */
function heard(facts: Facts): string[] {
  const { services, events } = facts;
  const found: string[] = [];
  for (const [type, { from, to }] of Object.entries(events)) {
    const sender = services.find(({ name }) => name === from);
    if (!sender) found.push(`${EVENTS}: ${type} is from ${from}, which is not declared in ${TOPOLOGY}`);
    else if (!sender.outbox)
      found.push(`${TOPOLOGY}: ${from} sends ${type} and has no outbox: add \`outbox: true\` to it`);
    for (const group of to) {
      const hears = services.find(({ name }) => name === group)?.hears;
      if (!hears) found.push(`${EVENTS}: ${type} is to ${group}, which is not declared in ${TOPOLOGY}`);
      else if (!Object.hasOwn(hears, type))
        found.push(
          `${TOPOLOGY}: ${group} does not say how it hears ${type}: add \`${type}: "single"\` to its \`hears\``,
        );
    }
  }
  for (const { name, hears, outbox } of services) {
    for (const type of Object.keys(hears)) {
      const event = events[type];
      if (!event) found.push(`${TOPOLOGY}: ${name} hears ${type}, which is no event: add a row to ${EVENTS}`);
      else if (!event.to.includes(name))
        found.push(`${EVENTS}: ${type} is not to ${name}, which hears it: add "${name}" to its \`to\``);
    }
    if (outbox && !Object.values(events).some(({ from }) => from === name))
      found.push(`${TOPOLOGY}: ${name} has an outbox and sends no event: take out its \`outbox\``);
  }
  return found;
}

/** Each queue has services that add to it, and one that works it off. */
function queues({ services, commands }: Facts): string[] {
  const found: string[] = [];
  const adders = byQueue(services, ({ addsTo }) => addsTo);
  const workers = byQueue(services, ({ worksOff }) => worksOff);
  for (const [queue, names] of adders)
    if (!workers.has(queue))
      found.push(
        `${TOPOLOGY}: ${names.join(" and ")} adds to the queue ${queue}, which nothing works off: add it to a \`worksOff\``,
      );
  for (const [queue, names] of workers) {
    if (names.length > 1)
      found.push(
        `${TOPOLOGY}: ${names.join(" and ")} work off the same queue ${queue}: give each a queue of its own`,
      );
    if (!adders.has(queue))
      found.push(
        `${TOPOLOGY}: ${names[0]} works off the queue ${queue}, which nothing adds to: add it to an \`addsTo\``,
      );
    for (const adder of adders.get(queue) ?? []) {
      const isOwn = adder === names[0];
      const isCommanded = Object.values(commands).some((one) => one.queue === queue && one.from === adder);
      if (!isOwn && !isCommanded)
        found.push(
          `${COMMANDS}: ${adder} adds to the queue ${queue} of ${names[0]} by no command: add a row for it`,
        );
    }
  }
  for (const [command, { queue, from, to }] of Object.entries(commands)) {
    if (!adders.get(queue)?.includes(from))
      found.push(`${TOPOLOGY}: ${from} sends the command ${command}: add "${queue}" to its \`addsTo\``);
    if (!workers.get(queue)?.includes(to))
      found.push(`${TOPOLOGY}: ${to} carries out the command ${command}: add "${queue}" to its \`worksOff\``);
  }
  return found;
}

function byQueue(
  services: readonly Service[],
  queuesOf: (service: Service) => readonly string[],
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const service of services)
    for (const queue of queuesOf(service)) found.set(queue, [...(found.get(queue) ?? []), service.name]);
  return found;
}
