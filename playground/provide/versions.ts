/** Versions of the servers: what is enough, and how they are read. */

export type ServerName = "nats" | "redis" | "postgres";

/** Numbers of a version, most significant first. */
export type Version = readonly number[];

export const minimum: Readonly<Record<ServerName, Version>> = {
  nats: [2, 9, 10],
  redis: [7, 0],
  postgres: [14],
};

/**
 * The first version in `text`, such as `nats-server: v2.9.10`, `Redis server v=7.0.15 sha=...`,
 * `postgres (PostgreSQL) 15.6 (Debian 15.6-0)` or a bare `2.12`; null when there is none.
 */
export function parseVersion(text: string): Version | null {
  const found = /(?:^|[\sv=])(\d+(?:\.\d+)*)/.exec(text);
  return found?.[1] ? found[1].split(".").map(Number) : null;
}

/** True when `version` is `least` or later; missing numbers count as 0. */
export function isAtLeast(version: Version, least: Version): boolean {
  for (let i = 0; i < Math.max(version.length, least.length); i++) {
    const difference = (version[i] ?? 0) - (least[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export const isEnough = (server: ServerName, version: Version): boolean =>
  isAtLeast(version, minimum[server]);

export const versionText = (version: Version): string => version.join(".");
