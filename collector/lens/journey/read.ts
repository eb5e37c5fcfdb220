import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { Attributes, Span } from "./model.ts";

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
