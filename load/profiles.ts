/** How hard a scenario is run. Data only. */

/** A rate that is reached at the end of `seconds`, in a straight line from the one before. */
export interface Stage {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Profile {
  readonly name: string;
  /** What a newcomer reads in the command's help. */
  readonly does: string;
  /** Checkouts one after the other in this number, or at a rate that does not wait for the answers. */
  readonly shape:
    | { readonly checkouts: number }
    | { readonly fromPerSecond: number; readonly stages: readonly Stage[] };
  /** Share of the answers that must be as promised. */
  readonly rightAtLeast: number;
  /** What a scenario's `p95Ms` is multiplied by: a spike is allowed to hurt. */
  readonly patience: number;
  /** Prints a line, with its trace id, for what goes well, too: only where there are few. */
  readonly tellsEach: boolean;
}

/** Rates suit two cores on which the playground itself runs, too. */
export const profiles: readonly Profile[] = [
  {
    name: "smoke",
    does: "a few checkouts, one after the other; does it work at all?",
    shape: { checkouts: 5 },
    rightAtLeast: 1,
    patience: 1,
    tellsEach: true,
  },
  {
    name: "steady",
    does: "5 checkouts a second for a minute",
    shape: { fromPerSecond: 5, stages: [{ perSecond: 5, seconds: 60 }] },
    rightAtLeast: 0.99,
    patience: 1,
    tellsEach: false,
  },
  {
    name: "spike",
    does: "from 2 a second to 30 within 5 s, for 20 s, and back: do the queues fill and drain?",
    shape: {
      fromPerSecond: 2,
      stages: [
        { perSecond: 2, seconds: 10 },
        { perSecond: 30, seconds: 5 },
        { perSecond: 30, seconds: 20 },
        { perSecond: 2, seconds: 5 },
        { perSecond: 2, seconds: 20 },
      ],
    },
    rightAtLeast: 0.95,
    patience: 4,
    tellsEach: false,
  },
  {
    name: "soak",
    does: "3 checkouts a second for half an hour: does anything grow?",
    shape: { fromPerSecond: 3, stages: [{ perSecond: 3, seconds: 1_800 }] },
    rightAtLeast: 0.99,
    patience: 1,
    tellsEach: false,
  },
];
