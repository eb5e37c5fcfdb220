/** What of a user's environment is OpenTelemetry's: obeyed, set aside or refused, by the table of otel-table.ts. */
import { OTEL_VARIABLES, type OtelVariable } from "./otel-table.ts";

const BY_NAME: ReadonlyMap<string, OtelVariable> = new Map(OTEL_VARIABLES.map((one) => [one.name, one]));

/** Attributes of the resource that each service sets for itself. */
const OWN_ATTRIBUTES = ["service.name", "service.instance.id"];

export interface Said {
  readonly name: string;
  /** One line. */
  readonly says: string;
}

const given = (env: NodeJS.ProcessEnv): [string, string][] =>
  Object.entries(env).filter(
    (entry): entry is [string, string] => entry[0].startsWith("OTEL_") && Boolean(entry[1]?.trim()),
  );

/** The variables of `env` that are set aside, one line each. Those that are in no table are among them. */
export function setAside(env: NodeJS.ProcessEnv): Said[] {
  return given(env).flatMap(([name, value]): Said[] => {
    const known = BY_NAME.get(name);
    if (!known) return [{ name, says: `${name} is set aside: Node's SDK does not read it` }];
    if (known.whose === "aside") return [{ name, says: `${name} is set aside: ${known.says}` }];
    if (name !== "OTEL_RESOURCE_ATTRIBUTES") return [];
    return OWN_ATTRIBUTES.filter((own) =>
      new RegExp(`(^|,)\\s*${own.replaceAll(".", "\\.")}\\s*=`).test(value),
    ).map((own) => ({ name, says: `${own} in ${name} is set aside: each service has its own` }));
  });
}

/** The variables of `env` that are refused: they can be neither obeyed nor set aside. */
export const refusedOtel = (env: NodeJS.ProcessEnv): Said[] =>
  given(env).flatMap(([name]) => {
    const known = BY_NAME.get(name);
    return known?.whose === "refused" ? [{ name, says: `${name} cannot be obeyed: ${known.says}` }] : [];
  });

/** Whether a service gets it. */
export const isObeyed = (name: string): boolean => BY_NAME.get(name)?.whose === "user";
