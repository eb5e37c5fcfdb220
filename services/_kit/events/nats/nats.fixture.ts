/** NATS as a broker under test. */
import { DiscardPolicy } from "@nats-io/jetstream";
import { inject } from "vitest";
import { quiet } from "../../../../tests/fixtures.ts";
import { connectNats } from "../../nats/connection.ts";
import { ownNats } from "../../nats/own.fixture.ts";
import { type BrokerUnderTest, lesser } from "../cases/broker.fixture.ts";
import { forgetful } from "../cases/forgetful.fixture.ts";
import { openBroker } from "./broker.ts";
import { EVENTS_STREAM, jetstreamOn, STREAMS } from "./streams.ts";

const opened = async (url: string, duplicateWindowMs?: number) => {
  const streams = duplicateWindowMs === undefined ? {} : { duplicateWindowMs };
  const broker = await openBroker({ url, name: "test", log: quiet, ...streams });
  await broker.ensure([]);
  return broker;
};

export const natsUnderTest: BrokerUnderTest = {
  open: () => opened(inject("natsUrl")),
  own: async (windowMs) => {
    const server = await ownNats();
    const admin = await jetstreamOn(await connectNats(server.url, "admin"));
    const { streams } = admin.manager;
    return {
      open: () => opened(server.url, windowMs),
      halt: () => server.halt(),
      restart: (keep) => server.restart(keep),
      fill: async () => {
        const { config } = await streams.info(EVENTS_STREAM);
        await streams.update(EVENTS_STREAM, { ...config, max_bytes: 1, discard: DiscardPolicy.New });
        return async () => void (await streams.update(EVENTS_STREAM, config));
      },
      forget: async () => {
        for (const stream of STREAMS) await streams.delete(stream);
      },
      stop: async () => {
        await admin.nats.close();
        await server.stop();
      },
    };
  },
  volumes: STREAMS,
  skips: {},
};

/** On a broker that does not count, even the first attempt must be written before it begins. */
const UNCOUNTED = "without a database its first attempt does not begin";

/** NATS without counts and delays. */
export const lesserNats: BrokerUnderTest = {
  ...natsUnderTest,
  open: async () => lesser(await natsUnderTest.open()),
  skips: Object.fromEntries(
    ["unordered", "ordered"].flatMap((kind) => [
      [
        `a message of an ${kind} consumer waits in hand for its second attempt, without a redelivery`,
        UNCOUNTED,
      ],
      [`a message of an ${kind} consumer that stops meanwhile is handled by another replica`, UNCOUNTED],
    ]),
  ),
};

/** NATS without history. */
export const forgetfulNats: BrokerUnderTest = {
  ...natsUnderTest,
  open: async () => forgetful(await natsUnderTest.open()),
};
