/** Configuration: read once from the environment, validated, frozen and passed in. */
import * as z from "zod";

/** Names every wrong variable, its value and what it may be. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * `schema`: an object schema whose keys are names of environment variables. Empty strings count as not set.
 * Throws a ConfigError that names every wrong variable.
 */
export function readConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): Readonly<z.output<S>> {
  const given: Record<string, string> = {};
  for (const key of Object.keys(schema.shape)) {
    const value = env[key];
    if (value !== undefined && value !== "") given[key] = value;
  }
  const read = schema.safeParse(given);
  if (read.success) return Object.freeze(read.data);
  const wrong = read.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    // A URL may hold a password: the values of such variables are not shown.
    const shown = /URL|PASSWORD|TOKEN|SECRET/.test(name)
      ? ""
      : ` (it is ${JSON.stringify(given[name] ?? null)})`;
    return `${name}: ${issue.message}${shown}`;
  });
  throw new ConfigError(`wrong environment\n  ${wrong.join("\n  ")}`);
}

const PORT = "must be a port, from 0 to 65535";
/** A TCP port; 0 asks the system for a free one. */
const port = (preset: number) =>
  z.coerce.number(PORT).int(PORT).min(0, PORT).max(65_535, PORT).default(preset);

/** Variables with whole numbers, each within its bounds, as a service declares them. */
export const wholeNumbers = <S extends Readonly<Record<string, WholeNumber>>>(declared: S) =>
  Object.fromEntries(
    Object.entries(declared).map(([name, { least, most, preset }]) => [
      name,
      z.coerce.number().int().min(least).max(most).default(preset),
    ]),
  ) as { readonly [N in keyof S]: z.ZodDefault<z.ZodCoercedNumber> };

interface WholeNumber {
  readonly least: number;
  readonly most: number;
  readonly preset: number;
}

/**
 * The origins of a comma-separated list, such as `BATON_CORS_ORIGINS`. An origin is a scheme, a host and perhaps a
 * port, without a path. Throws an Error that names anything else. `*` is refused: it would let any page send requests.
 */
function originsFrom(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const url = URL.parse(part);
      if (url === null || !/^https?:$/.test(url.protocol) || url.origin !== part.toLowerCase())
        throw new Error(
          `${JSON.stringify(part)} is not an origin such as https://shop.example or http://localhost:5173`,
        );
      return url.origin;
    });
}

/** The variables of every service. */
export const listening = (presetPort: number) => ({
  BATON_HOST: z.string().default("127.0.0.1"),
  BATON_PORT: port(presetPort),
  BATON_CORS_ORIGINS: z
    .string()
    .default("")
    .transform((text, ctx) => {
      try {
        return originsFrom(text);
      } catch (err) {
        ctx.addIssue({ code: "custom", message: (err as Error).message });
        return z.NEVER;
      }
    }),
});

/** The variables of a service with streams. Several copies of each stream need a cluster of as many servers. */
export const streaming = () => ({
  BATON_NATS_URL: z.url(),
  BATON_NATS_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
});

/** The broker's address and the copies of each stream, from the variables of `streaming`. */
export const brokerAt = (read: Readonly<Record<string, unknown>>) => ({
  url: String(read.BATON_NATS_URL),
  replicas: Number(read.BATON_NATS_REPLICAS),
});
