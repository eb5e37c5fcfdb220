/** What `npm run doctor` finds: one line each. Nothing in this folder needs a package, or changes anything. */

export type Standing =
  /** As it should be. */
  | "ok"
  /** Not there yet; `npm start` takes care of it. */
  | "will"
  /** Good to know; `npm start` works without it. */
  | "note"
  /** `npm start` would fail because of it. */
  | "problem";

export interface Check {
  readonly topic: string;
  readonly standing: Standing;
  /** One line. */
  readonly says: string;
  /** How to fix it: a command line, or one sentence. */
  readonly fix?: string;
}

/** What the doctor checks. */
export interface Machine {
  /** The project's folder, absolute. */
  readonly root: string;
  /** The state folder, absolute; it need not be there. */
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
}

const MB = 1024 * 1024;
const megabytes = (bytes: number): string => `${Math.round(bytes / MB).toLocaleString("en")} MB`;

/** A quantity that should be at least `enough` and must be at least `least`, in bytes. */
export function quantity(
  topic: string,
  has: number,
  { least, enough, fix }: { readonly least: number; readonly enough: number; readonly fix: string },
): Check {
  const says = `${megabytes(has)} free`;
  if (has < least)
    return { topic, standing: "problem", says: `${says}; ${megabytes(least)} are needed`, fix };
  if (has < enough)
    return { topic, standing: "note", says: `${says}; ${megabytes(enough)} would be comfortable`, fix };
  return { topic, standing: "ok", says };
}
