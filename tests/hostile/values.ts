/** Hostile values of the headers that carry a context, made up by fast-check. */
import fc from "fast-check";

/** Any text that a field value may be (RFC 9110, 5.5), also bytes beyond ASCII. */
export const legalText = fc
  .oneof(
    fc.stringMatching(/^[\x21-\x7e][\x20-\x7e]{0,60}$/),
    fc.stringMatching(/^[\x21-\x7e\x80-\xff]{1,40}$/),
  )
  .map((text) => text.trim());

const hex = (length: number) =>
  fc.string({
    unit: fc.constantFrom(..."0123456789abcdef"),
    minLength: length,
    maxLength: length,
  });

/** Traces that many callers claim as theirs. */
const CLAIMED = ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c", "f".repeat(32)];

const traceId = fc.oneof({ weight: 4, arbitrary: hex(32) }, fc.constantFrom(...CLAIMED));
/** As `traceparent` should be, with any flags. */
const goodParent = fc
  .tuple(traceId, hex(16), fc.oneof(fc.constantFrom("00", "01"), hex(2)))
  .map(([trace, span, flags]) => `00-${trace}-${span}-${flags}`);

export const traceparent = fc.oneof(
  { weight: 4, arbitrary: goodParent },
  fc.tuple(goodParent, fc.constantFrom("-more", "-", ",", "0")).map(([text, more]) => text + more),
  fc
    .tuple(goodParent, fc.constantFrom("01", "cc", "ff", "0"))
    .map(([text, version]) => version + text.slice(2)),
  fc.tuple(goodParent, fc.nat(55)).map(([text, length]) => text.slice(0, length) || "0"),
  goodParent.map((text) => text.toUpperCase()),
  goodParent.map((text) => `${text},${text}`),
  fc.constantFrom(
    `00-${"0".repeat(32)}-${"0".repeat(16)}-01`,
    `00-${"f".repeat(32)}-${"0".repeat(16)}-01`,
    `00-${"0".repeat(32)}-${"f".repeat(16)}-00`,
    "00-0-0-00",
    "-",
    "x".repeat(4_000),
  ),
  legalText,
);

const vendors = (count: number) => Array.from({ length: count }, (_, i) => `v${i}=x`).join(",");
export const tracestate = fc.oneof(
  fc.constantFrom("a=1", "a=1,b=2", "tenant@vendor=x", ",,a=1,", "a=1,a=2", "=", "a", "a=1,=2", "A=1"),
  fc.constantFrom(vendors(32), vendors(33), vendors(500), `a=${"x".repeat(257)}`, `${"a".repeat(300)}=x`),
  legalText,
);

/** A fault that would end the process, the modes, and ids that only the edge may decide. */
const asked = fc.constantFrom(
  "fault=orders.saga:kill(place)",
  "fault=orders.saga:kill(charge)",
  "fault=orders.saga%3Akill(after-place)",
  "fault=payments.charge:declined",
  "fault=inventory.reserve:slow(60000)|payments.charge:fail*9",
  `fault=${"x".repeat(300)}`,
  "async=link",
  "async=parent",
  "async=nonsense",
  "scenario.run=mine",
  "correlation.id=chosen-by-the-caller",
  "correlation.id=%0d%0aset-cookie:%20a=b",
  "correlation.id=",
);
const entry = fc.oneof(
  { weight: 3, arbitrary: asked },
  fc.constantFrom(
    "__proto__=x",
    "constructor=x",
    "toString=x",
    "a=%",
    "a=%ff%fe",
    "=x",
    "a",
    "a=b;c=d;e",
    ";;",
  ),
  fc.tuple(legalText, legalText).map(([key, value]) => `${key}=${value}`),
);
const entries = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=v`).join(",");
export const baggage = fc.oneof(
  { weight: 4, arbitrary: fc.array(entry, { minLength: 1, maxLength: 4 }).map((list) => list.join(",")) },
  fc
    .tuple(entry, fc.constantFrom(entries(179), entries(180), entries(181), entries(700)))
    .map(([one, many]) => `${many},${one}`),
  fc
    .tuple(entry, fc.constantFrom(4_000, 4_097, 8_192, 9_000))
    .map(([one, size]) => `${one},big=${"x".repeat(size)}`),
  legalText,
);

/** Correlation ids that the edge must refuse, or may take. */
export const correlation = fc.oneof(
  legalText,
  hex(16).map((text) => `hostile-${text}`),
  fc.constantFrom(
    "x".repeat(128),
    "x".repeat(129),
    "x".repeat(4_000),
    "a b",
    "../../x",
    "<b>",
    "%0d%0a",
    "é",
    "{}",
  ),
);
