/**
 * What the types of a queue refuse. Each `@ts-expect-error` is a check of its own: `npm run types` fails on it when the
 * line below it compiles. The tests show that nothing refuses these lines at run time: only the types do.
 */
import { expect, test } from "vitest";
import * as z from "zod";
import type { JobQueue, JobsOf, NewJob } from "./queue.ts";

const JOBS = { pick: z.object({ orderId: z.string() }), weigh: z.object({ grams: z.number() }) };
type Jobs = JobsOf<typeof JOBS>;

const pick = { name: "pick", id: "pick-1", payload: { orderId: "o-1" } } as const;
const weigh = { name: "weigh", id: "weigh-1", payload: { grams: 9 } } as const;

/** A queue that keeps what was added. */
function queueOf<J extends NewJob>() {
  const added: string[] = [];
  const add = async (job: NewJob) => {
    added.push(job.name);
  };
  const queue: JobQueue<J> = {
    name: "parcels",
    add,
    addFlow: add,
    ready: async () => {},
    close: async () => {},
  };
  return { queue, added };
}

test("a queue takes the jobs of its table, each with its own payload: nothing else compiles", async () => {
  const { queue, added } = queueOf<Jobs>();
  await queue.add(pick);
  await queue.add({ ...weigh, delayMs: 5 });
  expect(added.splice(0)).toEqual(["pick", "weigh"]);

  // @ts-expect-error: no job has this name
  await queue.add({ ...pick, name: "pikc" });
  // @ts-expect-error: the payload is that of another job
  await queue.add({ ...pick, payload: { grams: 9 } });
  // @ts-expect-error: the payload lacks a field
  await queue.add({ ...pick, payload: {} });
  // @ts-expect-error: the payload has a field that is not in the table
  await queue.add({ name: "pick", id: "pick-1", payload: { orderId: "o-1", colour: "green" } });
  // @ts-expect-error: it has no id
  await queue.add({ name: "pick", payload: pick.payload });
  expect(added).toHaveLength(5);
});

test("each job of a flow is one of the table: nothing else compiles", async () => {
  const { queue, added } = queueOf<Jobs>();
  await queue.addFlow({ ...weigh, children: [{ ...pick, children: [weigh] }] });
  expect(added.splice(0)).toEqual(["weigh"]);

  // @ts-expect-error: no job has this name
  await queue.addFlow({ ...weigh, name: "wiegh" });
  // @ts-expect-error: a child has no such name
  await queue.addFlow({ ...weigh, children: [{ ...pick, name: "pikc" }] });
  // @ts-expect-error: a child of a child has another payload
  await queue.addFlow({ ...weigh, children: [{ ...pick, children: [{ ...weigh, payload: {} }] }] });
  expect(added).toHaveLength(3);
});

test("nothing can be added to a queue that is declared without its jobs", async () => {
  const { queue, added } = queueOf<never>();
  // @ts-expect-error: it takes no jobs
  await queue.add(pick);
  // @ts-expect-error: it takes no flows
  await queue.addFlow(pick);
  // @ts-expect-error: it is not a queue that takes some
  const other: JobQueue<Jobs> = queue;
  await other.add(pick);
  expect(added).toHaveLength(3);
});
