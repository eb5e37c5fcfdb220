/** Nanoseconds for people: three figures and a unit, at most eight columns. Below 0 counts as 0. */
export function duration(ns: bigint): string {
  const value = ns < 0n ? 0 : Number(ns);
  if (value < 1e3) return `${value} ns`;
  if (value < 999.5e3) return `${threeFigures(value / 1e3)} µs`;
  if (value < 999.5e6) return `${threeFigures(value / 1e6)} ms`;
  if (value < 59.95e9) return `${threeFigures(value / 1e9)} s`;
  const seconds = Math.round(value / 1e9);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86_400)}d ${two(Math.floor((seconds % 86_400) / 3600))}h`;
}

/** The same without zeros after the point: `50 ms`, not `50.0 ms`. For round numbers. */
export const roundDuration = (ns: bigint): string =>
  duration(ns).replace(/\.([1-9]*)0+ /, (_, figures) => (figures === "" ? " " : `.${figures} `));

function threeFigures(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `1 span`, `2 spans`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
