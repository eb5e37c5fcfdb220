/** How hard a scenario is run. Data only. */

/** A rate that is reached after `seconds`, in a straight line from the rate before. */
export interface Stage {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Profile {
  readonly name: string;
  /** Text for the command's help. */
  readonly does: string;
  /** Either so many checkouts, one after the other, or a rate that does not wait for the answers. */
  readonly shape:
    | { readonly checkouts: number }
    | { readonly fromPerSecond: number; readonly stages: readonly Stage[] };
  /** Share of the answers that must be as promised. */
  readonly rightAtLeast: number;
  /** A factor for the scenario's `p95Ms`: a spike may be slower. */
  readonly patience: number;
  /** Prints a line with the trace id for each passed checkout, too. Only for profiles with few checkouts. */
  readonly tellsEach: boolean;
}

/** The rates suit two cores that also run the playground. */
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
