/** What the value of an environment variable may be, in words and as a check. */

export interface Variable {
  readonly name: string;
  /** What it may hold, in words. */
  readonly allowed: string;
  isRight(value: string): boolean;
  /** May hold a password: its value is never shown. */
  readonly secret?: boolean;
}

/** A variable without its name. */
export type Values = Omit<Variable, "name">;

const either = (values: readonly string[]): string => values.join(", ").replace(/, ([^,]*)$/, " or $1");

export const oneOf = (...values: readonly string[]): Values => ({
  allowed: either(values),
  isRight: (value) => values.includes(value),
});

/** The same, in upper or lower case. */
export const oneOfCaseless = (...values: readonly string[]): Values => ({
  allowed: either(values),
  isRight: (value) => values.includes(value.trim().toLowerCase()),
});

/** Some of `values`, separated by commas; `must`: those that the list has to contain. */
export const listOf = (values: readonly string[], must: readonly string[] = []): Values => ({
  allowed: `a list of ${either(values)}${must.length > 0 ? `, with ${must.join(" and ")} in it` : ""}`,
  isRight: (value) => {
    const given = entriesOf(value);
    return given.every((one) => values.includes(one)) && must.every((one) => given.includes(one));
  },
});

/** The entries of a list that is separated by commas. */
export const entriesOf = (text: string): string[] =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");

export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Values => ({
  allowed:
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number of ${least} or more`
      : `a whole number from ${least} to ${most}`,
  isRight: (value) => /^\d+$/.test(value.trim()) && Number(value) >= least && Number(value) <= most,
});

export const url = (...schemes: readonly string[]): Values => ({
  allowed: `an address such as ${schemes[0]}://host:port`,
  isRight: (value) => {
    const parsed = URL.parse(value);
    return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1)) && parsed.hostname !== "";
  },
  secret: true,
});

export const origins: Values = {
  allowed: "origins such as http://localhost:5173, separated by commas",
  isRight: (value) => entriesOf(value).every((part) => URL.parse(part)?.origin === part.toLowerCase()),
};

export const ratio: Values = {
  allowed: "a number from 0 to 1",
  isRight: (value) => value.trim() !== "" && Number(value) >= 0 && Number(value) <= 1,
};

/** `name=value,name=value`, percent-encoded, as OpenTelemetry's headers and resource attributes are written. */
export const pairs: Values = {
  allowed: "name=value,name=value, with values percent-encoded",
  isRight: (value) =>
    entriesOf(value).every(
      (entry) => /^[^\s=]+\s*=/.test(entry) && isEncoded(entry.slice(entry.indexOf("=") + 1)),
    ),
  secret: true,
};

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

export const anything = (allowed: string): Values => ({ allowed, isRight: () => true });
