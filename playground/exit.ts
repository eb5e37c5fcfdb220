/** With which status a command ends. Each command's help says them; the README has the same table. */

export const EXIT = {
  /** Done. */
  ok: 0,
  /** Not done; the message says why and what mends it. */
  failed: 1,
  /** Wrong arguments, or a wrong environment variable: nothing was started. */
  usage: 2,
  /** `npm run status`: a playground runs, but not all of its parts are ready. */
  notReady: 3,
  /** `npm run load`: a threshold did not hold. It is k6's own status, passed on. */
  threshold: 99,
  /** Ended by Ctrl-C or a signal before it was done; as a shell has it, 128 and the number of SIGINT. */
  interrupted: 130,
} as const;

/** What a status means where a command says nothing else of it. */
export const STATUS_WORDS: Readonly<Record<number, string>> = {
  [EXIT.ok]: "done",
  [EXIT.failed]: "not done; the message says why",
  [EXIT.usage]: "wrong arguments or environment; nothing was started",
  [EXIT.interrupted]: "interrupted before it was done",
};
