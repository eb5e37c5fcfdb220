/**
 * What each metric of the services is measured with: its unit, its description, its buckets. Rendered from
 * telemetry/registry/ by `npm run render`. Imports nothing, as `conventions.ts`.
 */

export interface Instrument {
  readonly instrument: "counter" | "updowncounter" | "gauge" | "histogram";
  readonly unit: string;
  readonly description: string;
  /** Bounds of a histogram's. */
  readonly buckets?: readonly number[];
}

/** By the metric's name. */
export const INSTRUMENTS = {
  "baton.message.wait": {
    instrument: "histogram",
    unit: "s",
    description: "How long a message lay somewhere, with no code working on it.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  "baton.edge.refusals": {
    instrument: "counter",
    unit: "{refusal}",
    description: "What the public edge refused of requests' headers, by `error.type`.",
  },
  "baton.events": {
    instrument: "counter",
    unit: "{event}",
    description: "What happened in the shop, by its name and its reason.",
  },
  "baton.outbox.unsent": {
    instrument: "gauge",
    unit: "{row}",
    description: "Rows of the outbox that are not in the stream yet.",
  },
  "baton.outbox.retrying": {
    instrument: "gauge",
    unit: "{row}",
    description: "Rows of the outbox that are not in the stream yet and were tried before.",
  },
  "baton.outbox.age": {
    instrument: "gauge",
    unit: "s",
    description: "How long the oldest row of the outbox has waited to be sent.",
  },
  "baton.consumer.pending": {
    instrument: "gauge",
    unit: "{message}",
    description: "Messages that a subscription has not given out yet.",
  },
  "baton.consumer.ack_pending": {
    instrument: "gauge",
    unit: "{message}",
    description: "Messages that a subscription has given out and that are not acknowledged.",
  },
  "baton.consumer.redelivered": {
    instrument: "gauge",
    unit: "{message}",
    description: "Messages that a subscription has given out more than once and that are not acknowledged.",
  },
  "baton.dead_letters": {
    instrument: "gauge",
    unit: "{message}",
    description:
      "Messages, jobs and outbox rows that were given up and not handed back, by who gave them up.",
  },
  "baton.queue.jobs": {
    instrument: "gauge",
    unit: "{job}",
    description: "Jobs in a queue, by state.",
  },
  "baton.stream.messages": {
    instrument: "gauge",
    unit: "{message}",
    description: "Messages that a stream of the broker holds.",
  },
  "baton.stream.size": {
    instrument: "gauge",
    unit: "By",
    description: "Bytes that a stream of the broker holds.",
  },
  "baton.sse.open": {
    instrument: "gauge",
    unit: "{stream}",
    description: "Streams of server-sent events that clients hold open.",
  },
  "messaging.process.duration": {
    instrument: "histogram",
    unit: "s",
    description: "How long a message or a job was handled, one attempt.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  },
  "messaging.client.operation.duration": {
    instrument: "histogram",
    unit: "s",
    description: "How long sending and receiving took.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  },
  "messaging.client.sent.messages": {
    instrument: "counter",
    unit: "{message}",
    description: "Messages and jobs that it was attempted to send.",
  },
  "messaging.client.consumed.messages": {
    instrument: "counter",
    unit: "{message}",
    description: "Messages and jobs that were delivered, each attempt.",
  },
  "rpc.server.call.duration": {
    instrument: "histogram",
    unit: "s",
    description: "How long an RPC call took on the side that was called.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  },
  "rpc.client.call.duration": {
    instrument: "histogram",
    unit: "s",
    description: "How long an RPC call took on the side that called.",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  },
} as const satisfies Readonly<Record<string, Instrument>>;
