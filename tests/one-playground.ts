/** The playground that the case files of one test file share, because a start takes longer than most of them. */
import { freePorts } from "../playground/runner/ports.ts";
import { openTap, type Tap } from "./conformity/tap.ts";
import { startPlayground, type TestPlayground } from "./playground.ts";

export interface TappedPlayground extends TestPlayground {
  /** All that its services emit passes here on its way to lens. */
  readonly tap: Tap;
}

let one: Promise<TappedPlayground> | undefined;

/** Starts it at the first call; later calls of the same test file get the same one. The test file removes it. */
export const onePlayground = (): Promise<TappedPlayground> => {
  one ??= start();
  return one;
};

async function start(): Promise<TappedPlayground> {
  const ports = await freePorts();
  const tap = await openTap(`http://127.0.0.1:${ports.otlpHttp}`);
  const playground = await startPlayground({ OTEL_EXPORTER_OTLP_ENDPOINT: tap.url }, { ports });
  const remove = () => playground.remove().finally(() => tap.close());
  return { ...playground, tap, remove };
}
