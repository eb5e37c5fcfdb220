/** Where messages and jobs go to or come from: what all of its spans and metrics say of it. */
import type { Attributes, Context } from "@opentelemetry/api";
import { ATTR, BAGGAGE } from "./conventions.ts";
import { baggageEntry } from "./propagation.ts";

/** Where messages go to or come from. */
export interface Destination {
  /** `messaging.system.name`. */
  readonly system: string;
  /** Low-cardinality name, e.g. `events.OrderConfirmed`: the spans are called `create <name>`, `send <name>`. */
  readonly name: string;
  /** What describes it on spans and metrics: its template or its queue, its consumers, the server's address. */
  readonly labels: Attributes;
}

/** A broker's address. */
export interface Server {
  readonly address: string;
  readonly port: number;
}

export const serverLabels = ({ address, port }: Server): Attributes => ({
  [ATTR.serverAddress]: address,
  [ATTR.serverPort]: port,
});

/** Messages of one template at a broker, or those of them that a consumer group gets from a subscription. */
export const messagesAt = (
  { system, server }: { readonly system: string; readonly server: Server },
  template: string,
  consumer?: { readonly group: string; readonly subscription: string },
): Destination => ({
  system,
  name: template,
  labels: {
    [ATTR.destinationTemplate]: template,
    ...serverLabels(server),
    ...(consumer && { [ATTR.consumerGroup]: consumer.group, [ATTR.subscription]: consumer.subscription }),
  },
});

/** What the spans and metrics of an operation have in common. */
export const labelsOf = (
  operation: string,
  { system, labels }: Pick<Destination, "system" | "labels">,
): Attributes => ({ [ATTR.messagingSystem]: system, [ATTR.operationName]: operation, ...labels });

/** The correlation id, which the conventions call the conversation. */
function conversationIn(ctx: Context): Attributes {
  const id = baggageEntry(BAGGAGE.correlationId, ctx);
  return id === undefined ? {} : { [ATTR.conversationId]: id };
}

/** What all spans of an operation have. `ctx`: of the span. */
export const spanAttributes = (operation: string, destination: Destination, ctx: Context): Attributes => ({
  ...labelsOf(operation, destination),
  [ATTR.operationType]: operation,
  ...conversationIn(ctx),
});
