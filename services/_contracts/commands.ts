/**
 * The commands, one row each: one sender, one receiver, and a queue between them that keeps the command while the
 * receiver is down. The job's name is the command's. The job's id makes sending it twice the same as once.
 */
import * as z from "zod";

/** The row of a command. */
interface CommandRow {
  /** The payload. The receiver checks what it gets against this. */
  readonly schema: z.ZodType<object>;
  readonly queue: string;
  /** The service that sends it. */
  readonly from: string;
  /** The service that carries it out. */
  readonly to: string;
}

/** The queue of the commands to payments. */
export const PAYMENT_COMMANDS = "payment-commands";

const id = z.string().min(1).max(160);

export const COMMANDS = {
  /**
   * Refund a charge. If the charge has not happened, make sure that it never will. The job's id is
   * `refund-<orderId>`.
   */
  refund: {
    queue: PAYMENT_COMMANDS,
    from: "orders",
    to: "payments",
    schema: z.object({
      /** The charge's idempotency key. */
      chargeKey: id,
      orderId: id,
      userId: id,
    }),
  },
} as const satisfies Readonly<Record<string, CommandRow>>;

type Commands = typeof COMMANDS;

/** The name of a command, e.g. `refund`. */
export type CommandName = keyof Commands;

/** The payload of the command `N`. */
export type Command<N extends CommandName> = z.output<Commands[N]["schema"]>;

/** The names of the commands that `service` sends; none (`never`) for a name that no row has. */
type CommandedBy<Service extends string> = {
  [N in CommandName]: Commands[N]["from"] extends Service ? N : never;
}[CommandName];

/** The names of the commands that are carried out from the queue `Q`. */
type CommandIn<Q extends string> = {
  [N in CommandName]: Commands[N]["queue"] extends Q ? N : never;
}[CommandName];

/** The jobs that `service` may add to another's queue, each with the payload of its own command. */
export type CommandFrom<Service extends string> = {
  [N in CommandedBy<Service>]: { readonly name: N; readonly id: string; readonly payload: Command<N> };
}[CommandedBy<Service>];

/** The schemas of the commands that come by the queue `queue`, by name. */
export function commandsIn<const Q extends string>(
  queue: Q,
): { readonly [N in CommandIn<Q>]: Commands[N]["schema"] } {
  const found = Object.entries<CommandRow>(COMMANDS).filter(([, command]) => command.queue === queue);
  return Object.fromEntries(found.map(([name, { schema }]) => [name, schema])) as {
    readonly [N in CommandIn<Q>]: Commands[N]["schema"];
  };
}
