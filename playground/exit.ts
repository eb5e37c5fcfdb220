/** The exit statuses of the commands. The help of each command and docs/commands.md list them. */

export const EXIT = {
  /** Done. */
  ok: 0,
  /** Not done; the message says why and how to fix it. */
  failed: 1,
  /** Wrong arguments, or a wrong environment variable: nothing was started. */
  usage: 2,
  /** `npm run status`: a playground runs, but not all of its parts are ready. */
  notReady: 3,
  /** `npm run load`: a threshold did not hold. It is k6's own status, passed on. */
  threshold: 99,
  /** Interrupted by Ctrl-C or a signal before it was done: 128 plus the number of SIGINT, as in a shell. */
  interrupted: 130,
} as const;

/** What a status means, unless a command says otherwise. */
export const STATUS_WORDS: Readonly<Record<number, string>> = {
  [EXIT.ok]: "done",
  [EXIT.failed]: "not done; the message says why",
  [EXIT.usage]: "wrong arguments or environment; nothing was started",
  [EXIT.interrupted]: "interrupted before it was done",
};
