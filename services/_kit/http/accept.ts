/**
 * Which of several media types a client prefers. Hono parses the header. The choice is made here, because Hono's own
 * (`hono/accepts`) falls back to its default for any wildcard, even to a default that the client excludes by `;q=0`.
 */
import { parseAccept } from "hono/utils/accept";

/**
 * The one of `types` with the highest quality in `accept`, a request's header (RFC 9110, 12.5.1); the first of those
 * with the same quality. Undefined when the client accepts none. A request without the header accepts all. Parameters
 * other than `q` do not count.
 */
export function preferredType(accept: string | undefined, types: readonly string[]): string | undefined {
  const ranges = parseAccept(accept ?? "*/*").map(({ type, q }) => ({ range: type.toLowerCase(), q }));
  // The most specific range that fits decides.
  const qualityOf = (type: string): number =>
    [type, `${type.split("/")[0]}/*`, "*/*"]
      .map((wanted) => ranges.find(({ range }) => range === wanted))
      .find((found) => found !== undefined)?.q ?? 0;
  return types
    .map((type) => ({ type, quality: qualityOf(type) }))
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality)[0]?.type;
}
