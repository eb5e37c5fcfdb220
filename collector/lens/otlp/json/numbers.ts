/**
 * Numbers as OTLP/JSON writes them: quoted or bare, with or without an exponent, exact to the last of 64 bits.
 *
 * Source: https://protobuf.dev/programming-guides/json/
 */

/** 2^64 has 20 digits. A longer number of zeros would only take memory. */
const MOST_DIGITS = 40;
/** Below 2^53, as a number tells it. */
const SHORT = 15;

/** The whole number that a text stands for, also `1e3` or `10.0`; null when it is none, or far out of any range. */
export function integerOf(text: string): bigint | number | null {
  if (text.length <= SHORT && /^-?\d+$/.test(text)) return Number(text);
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text);
  if (!parts) return null;
  const [, sign, whole = "", fraction = "", exponent = "0"] = parts;
  // Moved by the exponent, digits behind the point must be zeros.
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const padded =
    point > digits.length ? digits + "0".repeat(Math.min(point - digits.length, MOST_DIGITS)) : digits;
  if (!/^0*$/.test(padded.slice(Math.max(0, point)))) return null;
  const integer = padded.slice(0, Math.max(0, point)).replace(/^0+(?=.)/, "") || "0";
  if (integer.length > MOST_DIGITS) return null;
  return BigInt(integer) * (sign === "-" ? -1n : 1n);
}

/** The double that a quoted or bare text stands for; null when it is none. */
export function doubleOf(text: string): number | null {
  if (text === "NaN" || text === "Infinity" || text === "-Infinity") return Number(text);
  if (!/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}
