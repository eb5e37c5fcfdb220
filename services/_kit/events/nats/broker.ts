/** NATS JetStream as a broker of events. Needs nats-server 2.9 or later. */

import { connectNats, isLate, serverOf } from "../../nats/connection.ts";
import { patiently } from "../../process/patiently.ts";
import { ATTR } from "../../telemetry/conventions.ts";
import type { Broker, BrokerOptions, Message } from "../broker.ts";
import { followEvents } from "./follow.ts";
import { lettersOn, publishOn } from "./letters.ts";
import { receive } from "./receive.ts";
import {
  durableOf,
  EVENTS_STREAM,
  ensureStreams,
  type JetStream,
  jetstreamOn,
  STREAMS,
  type StreamOptions,
  subjectOf,
} from "./streams.ts";
import { kindOf, told } from "./trouble.ts";

/** The server's own default: 1 MiB. */
const MAX_PAYLOAD_BYTES = 1_048_576;

async function dial(url: string, name: string): Promise<JetStream> {
  const nats = await connectNats(url, name);
  try {
    return await jetstreamOn(nats);
  } catch (thrown) {
    await nats.close();
    throw thrown;
  }
}

/** Connects, and makes nothing yet. Rejects when no server answers in time. */
export async function openBroker({
  url,
  name,
  log,
  lateMs,
  ...streams
}: BrokerOptions & StreamOptions): Promise<Broker> {
  const patience = { what: "NATS", isLate, log, ...(lateMs === undefined ? {} : { withinMs: lateMs }) };
  const jet = await patiently(() => dial(url, name), patience);
  const { nats } = jet;
  const { manager } = jet;
  const ensure = () => ensureStreams(manager, streams);
  const send = publishOn(jet);

  /** Publishes. If the streams are missing, they are made again, empty, and the message is published once more. */
  const publish = async (subject: string, stream: string, message: Message): Promise<void> => {
    try {
      await send(subject, stream, message);
    } catch (thrown) {
      if (kindOf(thrown) !== "missing") throw told(thrown);
      log.warn(
        { err: thrown, [ATTR.destination]: subject },
        `the stream ${stream} is missing, it is made again`,
      );
      try {
        await ensure();
        await send(subject, stream, message);
      } catch (again) {
        throw told(again);
      }
    }
  };

  return {
    system: "nats",
    server: serverOf(url),
    can: { history: true, counts: true, delays: true },
    get maxMessageBytes() {
      return nats.connection.info?.max_payload ?? MAX_PAYLOAD_BYTES;
    },
    destination: subjectOf,
    // A late group gets the stream's history, so its durable is made when it starts to receive.
    ensure,
    publish: (lane, type, message) => publish(subjectOf(lane, type), EVENTS_STREAM, message),
    receive: (source, options) => receive(jet, source, { ...options, log, ensure }),
    follow: (options) => followEvents({ ...options, jet, log }),
    ...lettersOn(jet, publish),
    lags: (sources) =>
      Promise.all(
        sources.map(async (source) => {
          const durable = durableOf(source);
          const info = await manager.consumers.info(durable.stream, durable.name);
          return {
            pending: info.num_pending,
            inHand: info.num_ack_pending,
            redelivered: info.num_redelivered,
          };
        }),
      ),
    volumes: async () => {
      const infos = await Promise.all(STREAMS.map((stream) => manager.streams.info(stream)));
      return infos.map(({ config, state }) => ({ name: config.name, ...state }));
    },
    ready: () => nats.ready(),
    close: () => nats.close(),
  };
}
