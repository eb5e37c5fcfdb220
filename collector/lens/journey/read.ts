import { ATTR, BATON, LINK } from "../../../services/_kit/telemetry/conventions.ts";
import type { Attributes, Span, SpanLink } from "./model.ts";

/** The attribute as text; empty when it is absent or not a string. */
export function textOf(attributes: Attributes, name: string): string {
  const value = attributes[name];
  return typeof value === "string" ? value : "";
}

/** The attribute as a finite number; null when it is absent or anything else. */
export function numberOf(attributes: Attributes, name: string): number | null {
  const value = attributes[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** The correlation id on the span; empty without one. */
export const correlationOf = (span: Span): string => textOf(span.attributes, BATON.correlationId);

/** `messaging.message.id` of the message or job that the span handles; empty without one. */
export const messageIdOf = (span: Span): string => textOf(span.attributes, ATTR.messageId);

/** Why a link is there, one of `LINK`; empty for links of other software. */
export const reasonOf = (link: SpanLink): string => textOf(link.attributes, LINK.reason);
