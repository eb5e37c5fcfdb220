/**
 * Who may ask. A page in somebody's browser can reach every port of their machine: it must neither read what is stored,
 * by a name of its own that leads here (DNS rebinding), nor send what it likes.
 *
 * Source: https://fetch.spec.whatwg.org/#http-cors-protocol, RFC 6454 (origins), RFC 6761 (localhost)
 */

/** The name in a Host header or an origin, without its port and brackets; null when it is none. */
function nameOf(host: string): string | null {
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(host);
  if (bracketed) return (bracketed[1] ?? "").toLowerCase();
  const plain = /^([a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host);
  return plain ? (plain[1] ?? "").toLowerCase().replace(/\.$/, "") : null;
}

/** True for names that lead nowhere but to this machine: localhost and all below it, 127.0.0.0/8, ::1. */
const isLoopback = (name: string): boolean =>
  name === "localhost" ||
  name.endsWith(".localhost") ||
  name === "::1" ||
  (/^127(?:\.\d{1,3}){3}$/.test(name) && name.split(".").every((part) => Number(part) <= 255));

/** Whether a request with this Host header may be answered. `hosts`: names beside those of this machine. */
export function mayAsk(host: string | undefined, hosts: ReadonlySet<string>): boolean {
  const name = host === undefined ? null : nameOf(host);
  return name !== null && (isLoopback(name) || hosts.has(name));
}

/**
 * Whether a request may come from a page of this origin. `own`: its own scheme and Host. None: it comes from no page.
 */
export const isOwnOrigin = (origin: string | undefined, own: string): boolean =>
  origin === undefined || origin.toLowerCase() === own.toLowerCase();

/** Whether a page of this origin may send telemetry: one of this machine, or one that is named. None: it is no page. */
export function maySend(origin: string | undefined, origins: ReadonlySet<string>): boolean {
  if (origin === undefined) return true;
  const [, host] = /^https?:\/\/([^/?#@]+)$/i.exec(origin) ?? [];
  const name = host === undefined ? null : nameOf(host);
  return name !== null && (isLoopback(name) || origins.has(origin.toLowerCase()));
}
