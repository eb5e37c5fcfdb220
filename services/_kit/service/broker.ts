/** The one place that chooses the broker, by the scheme of its address. */
import type { Broker, BrokerOptions } from "../events/broker.ts";
import { ConfigError } from "../process/config.ts";

/** Loaded on demand: a service that needs no broker does not pay for a client. */
const BROKERS: Readonly<
  Record<string, () => Promise<{ openBroker(options: BrokerOptions): Promise<Broker> }>>
> = {
  "nats:": () => import("../events/nats/broker.ts"),
};

/** Connects to the broker at `options.url`. Rejects with a ConfigError for an unknown scheme. */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const { protocol } = new URL(options.url);
  const load = Object.hasOwn(BROKERS, protocol) ? BROKERS[protocol] : undefined;
  if (!load) {
    const known = Object.keys(BROKERS).map((scheme) => `${scheme}//`);
    throw new ConfigError(`no broker is known for ${protocol}//, only for ${known.join(", ")}`);
  }
  const { openBroker: open } = await load();
  return open(options);
}

/** Loads the clients early, so that connecting has to wait for the server only. */
export async function preloadBrokers(): Promise<void> {
  await Promise.all(Object.values(BROKERS).map((load) => load()));
}
