/** All alerts, in the order of the file that Prometheus reads. */
import type { AlertGroup } from "./alert.ts";
import { checkoutAlerts } from "./checkout.ts";
import { integrityAlerts } from "./integrity.ts";
import { pipelineAlerts } from "./pipeline.ts";
import { telemetryAlerts } from "./telemetry.ts";

export const ALERTS: readonly AlertGroup[] = [
  checkoutAlerts,
  pipelineAlerts,
  integrityAlerts,
  telemetryAlerts,
];
