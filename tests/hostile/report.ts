/** The report of a run, for people. */
import { table } from "../../playground/terminal/paint.ts";
import type { HostileReport } from "./run.ts";

const MB = 1024 * 1024;
const megabytes = (bytes: number): string => (bytes / MB).toFixed(1);
const count = (n: number): string => n.toLocaleString("en-US");
/** So many faults are shown. */
const SHOWN = 20;

/** What was sent by kind and how it was answered, what lens has, the memory, and what is wrong. */
export function reportText(report: HostileReport): string {
  const { seed, requests, seconds, tallies, found, before, after, peakBytes, faults } = report;
  const kinds = [...tallies].toSorted().map(([kind, { sent, accepted, statuses }]) => {
    const answers = [...statuses]
      .toSorted(([, a], [, b]) => b - a)
      .map(([status, n]) => `${status}: ${count(n)}`)
      .join(", ");
    return [kind, count(sent), count(accepted), answers];
  });
  const memory = after.map(({ part, usedBytes, systemBytes }) => {
    const was = before.find((one) => one.part === part);
    return [
      part,
      megabytes(was?.usedBytes ?? 0),
      megabytes(usedBytes),
      megabytes(was?.systemBytes ?? 0),
      megabytes(systemBytes),
      megabytes(peakBytes.get(part) ?? 0),
    ];
  });
  return [
    `${count(requests)} hostile requests in ${seconds.toFixed(0)} s, seed ${seed}`,
    "",
    table([["door, kind", "sent", "accepted", "answers"], ...kinds]),
    "",
    `accepted checkouts found in lens: ${count(found.found)}; ` +
      `aside: ${count(found.sharedTrace)} that share a trace id, ` +
      `${count(found.unsampled)} whose internal caller says that the trace is not sampled`,
    "",
    "memory in MB: in use after a garbage collection, and as the system counts it, after the first part and at the end",
    table([["part", "in use", "at the end", "system", "at the end", "peak"], ...memory]),
    "",
    ...(faults.length === 0
      ? ["nothing is wrong"]
      : [`${count(faults.length)} are wrong:`, ...faults.slice(0, SHOWN)]),
    "",
  ].join("\n");
}

/** The same for programs. */
export const reportJson = ({ tallies, peakBytes, ...rest }: HostileReport): string =>
  `${JSON.stringify(
    {
      ...rest,
      tallies: Object.fromEntries(
        [...tallies].map(([kind, { statuses, ...more }]) => [
          kind,
          { ...more, statuses: Object.fromEntries(statuses) },
        ]),
      ),
      peakBytes: Object.fromEntries(peakBytes),
    },
    null,
    2,
  )}\n`;
