import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { provide } from "../../../../playground/provide/provide.ts";
import { freePorts } from "../../../../playground/runner/ports.ts";
import { temporaryState } from "../../../../playground/temporary.fixture.ts";
import { reporterOn } from "../../../../playground/terminal/report.ts";
import { eventually, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { connectNats, EVENTS_STREAM, ensureStreams, eventStream, type Nats } from "./jetstream.ts";
import { followEvents } from "./live.ts";

let nats: Nats;
beforeAll(async () => {
  nats = await connectNats(inject("natsUrl"), "live-test");
  await ensureStreams(nats);
});
afterAll(() => nats.close());

const publish = (type: string, payload: object, by = nats) =>
  eventStream(by).publish({
    subject: `events.p0.${type}`,
    eventId: uniqueName("event"),
    carrier: {},
    createdMs: Date.now(),
    sentMs: Date.now(),
    payload,
  });

/** Follows; keeps what it hears of `type`, and how often it was told of a gap. */
async function hearing(type: string, by = nats) {
  const heard: unknown[] = [];
  const gaps: number[] = [];
  const live = await followEvents({
    nats: by,
    log: quiet,
    onEvent: (of, payload) => {
      if (of === type) heard.push(payload());
    },
    onGap: () => gaps.push(heard.length),
  });
  return { live, heard, gaps };
}

test("events are heard in their order from now on, by each who follows, and none of before", async () => {
  const type = uniqueName("Live");
  await publish(type, { n: 0 });
  const [one, two] = await Promise.all([hearing(type), hearing(type)]);
  for (const n of [1, 2, 3]) await publish(type, { n });
  for (const { heard, gaps, live } of [one, two]) {
    await eventually("three events", () => (heard.length >= 3 ? true : undefined));
    expect(heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(gaps).toEqual([]);
    await live.stop();
  }
});

test("an event that cannot be taken is left out, and the next is heard", async () => {
  const type = uniqueName("Live");
  const { live, heard } = await hearing(type);
  await nats.js.publish(`events.p0.${type}`, "no JSON");
  await publish(type, { n: 1 });
  await eventually("the second event", () => heard[0]);
  expect(heard).toEqual([{ n: 1 }]);
  await live.stop();
});

test("after it has stopped nothing is heard", async () => {
  const type = uniqueName("Live");
  const { live, heard } = await hearing(type);
  await live.stop();
  await publish(type, {});
  expect(heard).toEqual([]);
});

test("over a restart of the server, and a stream that begins anew, it says that there was a gap and goes on", async () => {
  const { dir, remove } = await temporaryState();
  const ports = await freePorts();
  const env = { ...process.env, BATON_NATS_URL: "", BATON_REDIS_URL: "", BATON_POSTGRES_URL: "" };
  const root = `${import.meta.dirname}/../../../..`;
  const report = reporterOn(process.stderr);
  const start = (keep: boolean) =>
    provide({
      root,
      dir,
      ports,
      env,
      keep,
      services: [],
      report,
      signal: new AbortController().signal,
    });
  let servers = await start(false);
  const own = await connectNats(servers.natsUrl, "live-restart");
  try {
    await ensureStreams(own);
    const type = uniqueName("Live");
    const { live, heard, gaps } = await hearing(type, own);
    await publish(type, { n: 1 }, own);
    await eventually("the event before", () => heard[0]);

    await servers.stop();
    servers = await start(true);
    await eventually("the gap to be told", () => gaps[0]);
    await publish(type, { n: 2 }, own);
    await eventually("the event after the restart", () => heard[1]);

    await own.manager.streams.delete(EVENTS_STREAM);
    await ensureStreams(own);
    await eventually("the second gap to be told", () => gaps[1]);
    await publish(type, { n: 3 }, own);
    await eventually("the event in the new stream", () => heard[2]);
    expect(heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await live.stop();
    const { state } = await own.manager.streams.info(EVENTS_STREAM);
    expect(state.consumer_count, "what it leaves on the server").toBe(0);
  } finally {
    await own.close();
    await servers.stop();
    await remove();
  }
});
