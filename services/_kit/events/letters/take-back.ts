/** Redriven jobs and outbox rows, taken back by the queue or the outbox that they come from. */

import { setTimeout as delay } from "node:timers/promises";
import { BATON } from "../../telemetry/conventions.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Broker, ReceivedMessage } from "../broker.ts";
import { InHand } from "../in-hand.ts";
import type { RunningConsumer } from "../receiver.ts";

const AGAIN_MS = 5_000;

/**
 * Gives each message that is redriven to `owner` to `work`, one at a time, until stopped. If `work` fails, the message
 * stays in hand and is tried again; that uses up no attempt of the job or the row.
 */
export async function takeBack(
  broker: Broker,
  owner: string,
  log: Logger,
  work: (message: ReceivedMessage) => Promise<void>,
): Promise<RunningConsumer> {
  const inHand = new InHand(await broker.receive({ kind: "redrives", owner }, { ahead: 1 }));
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = inHand.each(1, async (message) => {
    for (;;) {
      try {
        await work(message);
        message.ack();
        return;
      } catch (err) {
        log.warn(
          { err, [BATON.deadLetterOwner]: owner },
          "a redriven message could not be taken back, it is tried again",
        );
      }
      await delay(AGAIN_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) {
        message.giveBack();
        return;
      }
    }
  });
  return {
    stop: () => {
      stopping.abort();
      return inHand.stop(running);
    },
  };
}
