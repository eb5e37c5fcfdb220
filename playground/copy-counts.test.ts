import { describe, expect, it } from "vitest";
import { newForwardCounts, renderForwarding } from "../collector/lens/counters.ts";
import { copyCountsIn, copyText, lostText } from "./copy-counts.ts";

describe("what has become of the copy", () => {
  it("is read from lens' own counters, by reason", () => {
    const counts = newForwardCounts();
    counts.sent.traces = 1_200;
    counts.sent.metrics = 34;
    counts.dropped.refused.logs = 5;
    counts.dropped.rejected.traces = 2;
    counts.dropped.queue_full.traces = 3;
    counts.dropped.queue_full.logs = 4;
    const found = copyCountsIn(renderForwarding(counts, 10_000));
    expect(found).toEqual({
      sent: 1_234,
      lost: { refused: 5, rejected: 2, "queue full": 7 },
      waitingBytes: 10_000,
    });
    expect(found && copyText(found)).toBe(
      "1,234 items sent, 14 lost (queue full: 7, refused: 5, rejected: 2), 10 kB waiting",
    );
  });

  it("says that none were lost", () => {
    const found = copyCountsIn(renderForwarding(newForwardCounts(), 0));
    expect(found && copyText(found)).toBe("0 items sent, none lost, 0 kB waiting");
    expect(found && lostText(found)).toBe("");
  });

  it("is nothing where there is no copy", () => {
    expect(copyCountsIn('lens_received_total{signal="traces"} 5\n')).toBeNull();
    expect(copyCountsIn('otelcol_exporter_sent_spans_total{exporter="otlp_http/lens"} 5\n')).toBeNull();
  });
});
