import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type Database, openDatabase } from "../../services/_kit/database/postgres.ts";
import { attemptsSchema } from "../../services/_kit/events/attempts.ts";
import type { Broker } from "../../services/_kit/events/broker.ts";
import { sendEvent } from "../../services/_kit/events/cases/broker.fixture.ts";
import { subscribe } from "../../services/_kit/events/consumer.ts";
import type { RunningConsumer } from "../../services/_kit/events/receiver.ts";
import { type OwnNats, ownNats } from "../../services/_kit/nats/own.fixture.ts";
import { AppError } from "../../services/_kit/process/errors.ts";
import { openBroker } from "../../services/_kit/service/broker.ts";
import { eventually, freshDatabase, quiet, uniqueName } from "../../tests/fixtures.ts";
import { type Io, readArguments } from "../command.ts";
import { Problem } from "../problem.ts";
import { type TemporaryState, temporaryState } from "../temporary.fixture.ts";
import { redrive } from "./redrive.ts";

let server: OwnNats;
let broker: Broker;
let db: Database;
let state: TemporaryState;
const running: RunningConsumer[] = [];

beforeAll(async () => {
  state = await temporaryState();
  // Its own server, because --all redrives every dead letter.
  server = await ownNats();
  broker = await openBroker({ url: server.url, name: "redrive-command-test", log: quiet });
  await broker.ensure([]);
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [attemptsSchema], quiet);
});
afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await broker.close();
  await db.close();
  await server.stop();
  await state.remove();
});

/** Runs the command; resolves to its exit status and what it prints. */
async function typed(argv: readonly string[], env: NodeJS.ProcessEnv = { BATON_NATS_URL: server.url }) {
  const out = new PassThrough();
  const io: Io = {
    out: out as unknown as NodeJS.WriteStream,
    err: out as unknown as NodeJS.WriteStream,
    env,
    root: state.dir,
    dir: state.dir,
    signal: new AbortController().signal,
  };
  const status = await redrive.run(readArguments(redrive, argv), io).finally(() => out.end());
  return { status, printed: await text(out) };
}
const refusal = async (argv: readonly string[], env?: NodeJS.ProcessEnv) => {
  const error = await typed(argv, env).catch((thrown: unknown) => thrown);
  return error instanceof Problem ? error : undefined;
};

/** Dead-letters an event. From then on its handler works. */
async function given(type: string) {
  let broken = true;
  let handled = 0;
  const handle = async () => {
    if (broken) throw new AppError("invalid", "not an order");
    handled += 1;
  };
  running.push(await subscribe({ group: "shop", type, handle }, { broker, db, mode: "link", log: quiet }));
  const event = {
    type,
    lane: 1,
    eventId: `e-${type}`,
    carrier: { baggage: "fault=a.b:c,correlation.id=c-%31" },
    payload: { orderId: "o-1" },
  };
  await sendEvent(broker, event);
  await eventually("the dead letter", async () =>
    (await typed(["list"])).printed.includes(type) ? true : undefined,
  );
  broken = false;
  return { handled: () => handled };
}

test("lists a dead letter with its details, and redrives it by its id", async () => {
  expect(await typed(["list"])).toEqual({ status: 0, printed: "nothing in the dead letters\n" });
  expect(await typed(["--all"])).toEqual({ status: 0, printed: "nothing in the dead letters\n" });
  const type = uniqueName("Listed");
  const { handled } = await given(type);
  const { printed } = await typed(["list", "--json"]);
  const [letter, ...more] = JSON.parse(printed);
  expect(more).toEqual([]);
  expect(letter).toMatchObject({
    type,
    consumer: `shop-${type}`,
    reason: "invalid",
    detail: "not an order",
    attempts: 1,
    redriven: 0,
    correlationId: "c-1",
    orderId: "o-1",
  });
  const { printed: asTable } = await typed(["list"]);
  for (const cell of [letter.id, letter.at, "invalid", "c-1", "o-1"]) expect(asTable).toContain(cell);

  const done = await typed([letter.id]);
  expect(done).toEqual({ status: 0, printed: `${letter.id} is on its way to shop-${type} once more\n` });
  await eventually("the redrive", () => (handled() === 1 ? true : undefined));
  expect((await typed(["list"])).printed).toBe("nothing in the dead letters\n");
});

test("redrives all at once", async () => {
  const all = [await given(uniqueName("One")), await given(uniqueName("Two"))];
  expect((await typed(["--all"])).printed.split("\n")).toHaveLength(3);
  await eventually("both", () => (all.every(({ handled }) => handled() === 1) ? true : undefined));
});

test("refuses an unknown id, a wrong usage, and a playground that does not run", async () => {
  expect((await refusal(["BATON_EVENTS:1:nobody"]))?.code).toBe("unknown_letter");
  for (const argv of [[], ["list", "--all"], ["some", "--json"]]) {
    expect((await refusal(argv))?.code, argv.join(" ")).toBe("usage");
  }
  expect((await refusal(["list"], {}))?.code).toBe("not_running");
  const away = new URL(server.url);
  away.port = "1";
  const refused = await refusal(["list"], { BATON_NATS_URL: away.toString() });
  expect(refused?.code).toBe("not_ready");
  expect(refused?.message).not.toContain(away.password);
});
