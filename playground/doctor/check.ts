/** What `npm run doctor` finds: one line each. Nothing in this folder needs a package, or changes anything. */

export type Standing =
  /** As it should be. */
  | "ok"
  /** Not there yet; `npm start` sees to it by itself. */
  | "will"
  /** Good to know; nothing depends on it. */
  | "note"
  /** `npm start` would fail by it. */
  | "problem";

export interface Check {
  readonly topic: string;
  readonly standing: Standing;
  /** One line. */
  readonly says: string;
  /** What mends it: a command line, or one sentence. */
  readonly mend?: string;
}

/** What the doctor looks at. */
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
  { least, enough, mend }: { readonly least: number; readonly enough: number; readonly mend: string },
): Check {
  const says = `${megabytes(has)} free`;
  if (has < least)
    return { topic, standing: "problem", says: `${says}; ${megabytes(least)} are needed`, mend };
  if (has < enough)
    return { topic, standing: "note", says: `${says}; ${megabytes(enough)} would be comfortable`, mend };
  return { topic, standing: "ok", says };
}
