/** Reads query parameters. Everything here throws a Problem 400 that names the parameter. */
import { Problem } from "./problem.ts";

/** The first parameter among `names` that is given and not empty: Jaeger spells each in two ways. */
export function firstOf(params: URLSearchParams, ...names: string[]): { name: string; value: string } | null {
  for (const name of names) {
    const value = params.get(name);
    if (value) return { name, value };
  }
  return null;
}

/** A whole number from 1 to `most`; `preset` when it is not given. Larger numbers become `most`. */
export function countParam(
  given: { name: string; value: string } | null,
  preset: number,
  most: number,
): number {
  if (!given) return preset;
  if (!/^\d{1,9}$/.test(given.value) || Number(given.value) < 1) {
    throw new Problem(400, `malformed parameter ${given.name}: it must be a whole number above 0`);
  }
  return Math.min(Number(given.value), most);
}

/** A time in RFC 3339 with up to nine digits of a second, as Unix nanoseconds. */
export function timeParam(given: { name: string; value: string }): bigint {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i.exec(given.value);
  const seconds = parts ? Date.parse(`${parts[1]}${parts[3]}`) : Number.NaN;
  if (Number.isNaN(seconds)) {
    throw new Problem(
      400,
      `malformed parameter ${given.name}: it must be a time like 2026-01-31T12:00:00.000000000Z`,
    );
  }
  return BigInt(seconds) * 1_000_000n + BigInt((parts?.[2] ?? "").padEnd(9, "0"));
}

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** A duration as Go writes it (`1.5s`, `2m30s`, `100us`), as nanoseconds. */
export function durationParam(given: { name: string; value: string }): bigint {
  const { value } = given;
  if (value.length > 64 || !/^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(value)) {
    throw new Problem(400, `malformed parameter ${given.name}: it must be a duration like 250ms or 1m30s`);
  }
  let total = 0;
  for (const [, number, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(number) * (UNIT_NS[unit ?? ""] ?? 0);
  }
  return BigInt(Math.round(total));
}

/** `true` or `false`; false when it is not given. */
export function flagParam(params: URLSearchParams, name: string): boolean {
  const value = params.get(name) ?? "false";
  if (value !== "true" && value !== "false") {
    throw new Problem(400, `malformed parameter ${name}: it must be true or false`);
  }
  return value === "true";
}

/**
 * A cursor that an earlier answer gave: the number of the last trace that it looked at. Undefined when it is not given.
 */
export function cursorParam(given: { name: string; value: string } | null): number | undefined {
  if (!given) return undefined;
  if (!/^t\d{1,13}$/.test(given.value)) {
    throw new Problem(
      400,
      `malformed parameter ${given.name}: it must be what an earlier answer gave as cursor`,
    );
  }
  return Number(given.value.slice(1));
}

/** The reverse. */
export const cursorOf = (number: number): string => `t${number}`;
