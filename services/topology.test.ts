import { expect, test } from "vitest";
import { assertTopology, facts } from "../playground/runner/topology.ts";
import { type Service, service } from "./declare.ts";
import { lensConsumers, lensEdges, serviceNamed, services } from "./topology.ts";
import { checkTopology, type Facts } from "./topology-check.ts";

test("the topology agrees with itself, with the events and with the commands", () => {
  expect(checkTopology(facts)).toEqual([]);
});

const TOPOLOGY = "services/topology.ts";
const EVENTS = "services/_contracts/events.ts";
const COMMANDS = "services/_contracts/commands.ts";

const plain: Service = service("plain", { port: 9000, does: "nothing", database: true });
/** A declaration that the types would not allow: the events and the services of this test are made up. */
const made = (name: string, port: number, more: object = {}): Service => ({ ...plain, name, port, ...more });

/** A small shop without a mistake. */
const shop: Facts = {
  services: [
    made("gate", 9001, { edge: true, calls: ["orders"] }),
    made("orders", 9002, { outbox: true, calls: ["stock"], addsTo: ["charges"] }),
    made("stock", 9003),
    made("money", 9004, { worksOff: ["charges"] }),
    made("mail", 9005, {
      hears: { Paid: "single" },
      worksOff: ["letters"],
      addsTo: ["letters"],
      folders: { BATON_MAIL_DIR: "mail" },
    }),
  ],
  ports: { nats: 14222 },
  events: { Paid: { from: "orders", to: ["mail"] } },
  commands: { charge: { queue: "charges", from: "orders", to: "money" } },
};

/** The shop with `change` made to the service `name`. */
const changed = (name: string, change: object): Facts => ({
  ...shop,
  services: shop.services.map((one): Service => (one.name === name ? { ...one, ...change } : one)),
});
/** The shop with another service, and with other events or commands. */
const and = (more: Service, change: Partial<Facts> = {}): Facts => ({
  ...shop,
  services: [...shop.services, more],
  ...change,
});
const points = made("points", 9006);

test("a shop without a mistake has no finding", () => {
  expect(checkTopology(shop)).toEqual([]);
  expect(checkTopology(and(points))).toEqual([]);
});

test.for<[what: string, wrong: Facts, says: string]>([
  [
    "a service that is declared twice",
    and(made("mail", 9006)),
    `${TOPOLOGY}: mail is declared twice: remove one of the two, or give it another name`,
  ],
  [
    "a port that two services have",
    and(made("points", 9003)),
    `${TOPOLOGY}: the port 9003 of points is taken by stock: 9006 is free`,
  ],
  [
    "a port that a server has",
    changed("mail", { port: 14222 }),
    `${TOPOLOGY}: the port 14222 of mail is taken by nats: 9005 is free`,
  ],
  [
    "an invalid port",
    changed("mail", { port: 70_000 }),
    `${TOPOLOGY}: mail has the port 70000: take one from 1024 to 65535`,
  ],
  [
    "a name that cannot be a host or a variable",
    and(made("bonus-points", 9006)),
    `${TOPOLOGY}: "bonus-points" is no name for a service: take 2 to 30 small letters`,
  ],
  [
    "a call to a service that is not there",
    changed("orders", { calls: ["stok"] }),
    `${TOPOLOGY}: orders calls stok, which is not declared: the services are gate, orders, stock, money, mail`,
  ],
  [
    "a call to itself",
    changed("orders", { calls: ["orders"] }),
    `${TOPOLOGY}: orders calls itself: take it out of its \`calls\``,
  ],
  [
    "an event to a consumer that is not there",
    { ...shop, events: { Paid: { from: "orders", to: ["mail", "mial"] } } },
    `${EVENTS}: Paid is to mial, which is not declared in ${TOPOLOGY}`,
  ],
  [
    "an event whose consumer does not say how it hears it",
    and(points, { events: { Paid: { from: "orders", to: ["mail", "points"] } } }),
    `${TOPOLOGY}: points does not say how it hears Paid: add \`Paid: "single"\` to its \`hears\``,
  ],
  [
    "an event that a service hears but that is not sent to it",
    and(made("points", 9006, { hears: { Paid: "single" } })),
    `${EVENTS}: Paid is not to points, which hears it: add "points" to its \`to\``,
  ],
  [
    "an unknown event",
    and(made("points", 9006, { hears: { Payed: "single" } })),
    `${TOPOLOGY}: points hears Payed, which is no event: add a row to ${EVENTS}`,
  ],
  [
    "an event from a service that is not there",
    { ...shop, events: { ...shop.events, Earned: { from: "points", to: [] } } },
    `${EVENTS}: Earned is from points, which is not declared in ${TOPOLOGY}`,
  ],
  [
    "an event from a service without an outbox",
    and(points, { events: { ...shop.events, Earned: { from: "points", to: [] } } }),
    `${TOPOLOGY}: points sends Earned and has no outbox: add \`outbox: true\` to it`,
  ],
  [
    "an outbox of a service that sends nothing",
    and(made("points", 9006, { outbox: true })),
    `${TOPOLOGY}: points has an outbox and sends no event: take out its \`outbox\``,
  ],
  [
    "an outbox without a database",
    changed("orders", { database: false }),
    `${TOPOLOGY}: orders has an outbox and no database to keep it in: add \`database: true\``,
  ],
  [
    "a consumer without a database",
    changed("mail", { database: false }),
    `${TOPOLOGY}: mail hears events and has no database to count attempts in: add \`database: true\``,
  ],
  [
    "a queue that nothing works off",
    and(made("points", 9006, { addsTo: ["points"] })),
    `${TOPOLOGY}: points adds to the queue points, which nothing works off: add it to a \`worksOff\``,
  ],
  [
    "a queue that nothing adds to",
    and(made("points", 9006, { worksOff: ["points"] })),
    `${TOPOLOGY}: points works off the queue points, which nothing adds to: add it to an \`addsTo\``,
  ],
  [
    "a queue that two work off",
    and(made("points", 9006, { worksOff: ["letters"] })),
    `${TOPOLOGY}: mail and points work off the same queue letters: give each a queue of its own`,
  ],
  [
    "jobs in another's queue that are not commands",
    and(made("points", 9006, { addsTo: ["letters"] })),
    `${COMMANDS}: points adds to the queue letters of mail by no command: add a row for it`,
  ],
  [
    "a command whose sender does not say so",
    { ...shop, commands: { ...shop.commands, refund: { queue: "charges", from: "stock", to: "money" } } },
    `${TOPOLOGY}: stock sends the command refund: add "charges" to its \`addsTo\``,
  ],
  [
    "a command whose receiver works off another queue",
    { ...shop, commands: { ...shop.commands, refund: { queue: "charges", from: "orders", to: "mail" } } },
    `${TOPOLOGY}: mail carries out the command refund: add "charges" to its \`worksOff\``,
  ],
  [
    "a container that is smaller than its heap",
    changed("mail", { memory: { heapMb: 160, youngMb: 2, limitMb: 136 } }),
    `${TOPOLOGY}: mail needs 198 MB and may take 136: raise \`limitMb\`, or lower \`heapMb\``,
  ],
  [
    "a preset outside its bounds",
    changed("mail", { settings: { BATON_LETTERS: { least: 1, most: 5, preset: 7 } } }),
    `${TOPOLOGY}: BATON_LETTERS of mail has the preset 7: take one from 1 to 5`,
  ],
  [
    "a variable that two services declare",
    and(made("points", 9006, { folders: { BATON_MAIL_DIR: "points" } })),
    `${TOPOLOGY}: mail and points both declare BATON_MAIL_DIR: give one of them another name`,
  ],
])("%s is reported in one line that says what to change", ([, wrong, says]) => {
  expect(checkTopology(wrong)).toEqual([says]);
});

test("a start with a wrong topology fails before anything runs", () => {
  const twice = and(made("points", 9003));
  expect(() => assertTopology(twice)).toThrow(expect.objectContaining({ code: "topology" }));
  expect(() => assertTopology(twice)).toThrow(checkTopology(twice)[0]);
  expect(() => assertTopology()).not.toThrow();
});

test("the servers that a service needs are derived from its declaration", () => {
  const needs = (one: Service) => one.servers.join(", ");
  expect(needs(plain)).toBe("postgres");
  expect(needs(serviceNamed("gateway")), "it follows the events").toBe("nats");
  expect(needs(serviceNamed("analytics")), "it hears events").toBe("nats, postgres");
  expect(needs(serviceNamed("orders")), "it has an outbox, and adds to a queue").toBe(
    "nats, redis, postgres",
  );
  expect(needs(serviceNamed("payments")), "what it gives up goes to the dead letters").toBe(
    "nats, redis, postgres",
  );
});

test("lens is told the consumers of each event, and where journeys begin", () => {
  const two = made("points", 9006, { hears: { Sent: "ordered", Paid: "single" } });
  expect(lensConsumers([...shop.services, two])).toBe("events.Paid=mail+points, events.Sent=points");
  expect(lensEdges(shop.services)).toBe("gate");
});

test("a service whose hearing or sending disagrees with the tables does not compile", () => {
  const about = { port: 8088, does: "nothing" };
  const wrong = [
    // @ts-expect-error: shipping hears OrderCancelled, too
    service("shipping", { ...about, outbox: true, hears: { OrderConfirmed: "ordered" } }),
    // @ts-expect-error: no event has this name
    service("orders", { ...about, outbox: true, hears: { ParcelShiped: "single" } }),
    // @ts-expect-error: the event is not sent to gateway
    service("gateway", { ...about, hears: { OrderConfirmed: "single" } }),
    // @ts-expect-error: events are taken in no such way
    service("orders", { ...about, outbox: true, hears: { ParcelShipped: "sometimes" } }),
    // @ts-expect-error: payments sends PaymentRefunded, so it has an outbox
    service("payments", about),
    // @ts-expect-error: gateway sends no event, so it has no outbox
    service("gateway", { ...about, outbox: true }),
  ];
  for (const one of wrong) {
    const rest = services.filter(({ name }) => name !== one.name);
    expect(checkTopology({ ...facts, services: [...rest, one] }), one.name).not.toEqual([]);
  }
  // @ts-expect-error: no service has this name
  expect(serviceNamed("shiping")).toBeUndefined();
});
