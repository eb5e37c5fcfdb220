/** What of a service's declaration decides which parts it is made of. The shop's topology has more. */

/** In which way a type of event is taken: each by itself, those of one key in order, or many at once. */
export type Way = "single" | "ordered" | "batches";

export interface Declared {
  readonly name: string;
  readonly port: number;
  readonly database: boolean;
  readonly outbox: boolean;
  readonly follows: boolean;
  readonly hears: Readonly<Partial<Record<string, Way>>>;
  readonly worksOff: readonly string[];
  readonly addsTo: readonly string[];
  readonly settings: Readonly<Record<string, { least: number; most: number; preset: number }>>;
  readonly folders: Readonly<Record<string, string>>;
}

/** A group of consumers as it is declared: who hears which events, in which way. */
export type Group = Pick<Declared, "name" | "hears">;

export const hearsEvents = ({ hears }: Declared): boolean => Object.keys(hears).length > 0;

/** A queue's jobs that are given up go to the dead letters, which the broker keeps. */
export const usesBroker = (declared: Declared): boolean =>
  declared.outbox || declared.follows || declared.worksOff.length > 0 || hearsEvents(declared);

export const queuesOf = ({ worksOff, addsTo }: Declared): string[] => [...new Set([...worksOff, ...addsTo])];

/** The error for what a service asks of its parts and did not declare, or declared and does not do. */
export const undeclared = ({ name }: Declared, what: string): Error =>
  new Error(`${name} ${what}: mend services/topology.ts or services/${name}/service.ts`);
