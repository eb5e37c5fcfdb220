/** The part of a service's declaration that decides which parts it is made of. The shop's topology has more. */

/** How a type of event is taken: each by itself, those of one key in order, or many together. */
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

/** Whether it needs the broker. A worker needs it for the dead letters of its jobs. */
export const usesBroker = (declared: Declared): boolean =>
  declared.outbox || declared.follows || declared.worksOff.length > 0 || hearsEvents(declared);

export const queuesOf = ({ worksOff, addsTo }: Declared): string[] => [...new Set([...worksOff, ...addsTo])];

/** The error for a part that a service uses without declaring it, or declares without using it. */
export const undeclared = ({ name }: Declared, what: string): Error =>
  new Error(`${name} ${what}: change services/topology.ts or services/${name}/service.ts`);
