/**
 * What has become of the copy of all telemetry, by the counters of the part that sends it: lens, or the Collector
 * before it.
 */
export interface CopyCounts {
  /** Spans, log records and data points that the other backend took. */
  readonly sent: number;
  /** Those that it never got, by reason. */
  readonly lost: Readonly<Record<string, number>>;
  readonly waitingBytes: number;
}

const TIMEOUT_MS = 5_000;
const SAMPLE = /^([a-z_]+?)(?:_total)?(?:\{(.*)\})? (\S+)$/gm;
/** The Collector's exporter of collector/copy-http.yaml and copy-grpc.yaml. */
const EXPORTER = /exporter="otlp_(http|grpc)\/copy"/;

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

/** What a page of metrics says of the copy; null when it says nothing, because there is none. */
export function copyCountsIn(page: string): CopyCounts | null {
  const samples = [...page.matchAll(SAMPLE)].map(
    ([, name = "", labels = "", value]): Sample => ({ name, labels, value: Number(value) }),
  );
  const ours = samples.filter(({ name, labels }) => name.startsWith("lens_forward") || EXPORTER.test(labels));
  if (ours.length === 0) return null;
  const sum = (pattern: RegExp): number =>
    ours.filter(({ name }) => pattern.test(name)).reduce((all, { value }) => all + value, 0);
  const lost: Record<string, number> = {};
  for (const { name, labels, value } of ours) {
    const reason = reasonOf(name, labels);
    if (reason !== undefined && value > 0) lost[reason] = (lost[reason] ?? 0) + value;
  }
  return {
    sent: sum(/^(lens_forwarded|otelcol_exporter_sent_.*)$/),
    lost,
    waitingBytes: sum(/^(lens_forward_queue_bytes|otelcol_exporter_queue_size)$/),
  };
}

/** Why a sample's items were lost; undefined when it counts no lost ones. */
function reasonOf(name: string, labels: string): string | undefined {
  if (name === "lens_forward_dropped") return /reason="(.*?)"/.exec(labels)?.[1]?.replaceAll("_", " ");
  if (name.startsWith("otelcol_exporter_send_failed_")) return "refused or given up";
  return name.startsWith("otelcol_exporter_enqueue_failed_") ? "queue full" : undefined;
}

/** The counts on the page at `url`; null without a copy, or when the page does not answer. */
export async function copyCounts(url: string): Promise<CopyCounts | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return copyCountsIn(await response.text());
  } catch {
    return null;
  }
}

const count = (n: number): string => n.toLocaleString("en-US");

/** How many were lost, and why; an empty text when none were. */
export function lostText({ lost }: CopyCounts): string {
  const reasons = Object.entries(lost);
  if (reasons.length === 0) return "";
  const all = reasons.reduce((sum, [, n]) => sum + n, 0);
  return `${count(all)} lost (${reasons.map(([reason, n]) => `${reason}: ${count(n)}`).join(", ")})`;
}

/** One line for people. */
export const copyText = (counts: CopyCounts): string =>
  `${count(counts.sent)} items sent, ${lostText(counts) || "none lost"}, ${count(Math.ceil(counts.waitingBytes / 1024))} kB waiting`;
