import { describe, expect, it } from "vitest";
import { Counts } from "../collector/lens/counts.ts";
import { renderForwarding } from "../collector/lens/query/metrics-text.ts";
import { copyCountsIn, copyText, lostText } from "./copy-counts.ts";

describe("what has become of the copy", () => {
  it("is read from lens' own counters, by reason", () => {
    const counts = new Counts();
    counts.add("traces", "forwarded", 1_200);
    counts.add("metrics", "forwarded", 34);
    counts.add("logs", "dropped refused", 5);
    counts.add("traces", "dropped rejected", 2);
    counts.add("traces", "dropped queue_full", 3);
    counts.add("logs", "dropped queue_full", 4);
    counts.set("forwardQueueBytes", 10_000);
    const found = copyCountsIn(renderForwarding(counts));
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
    const found = copyCountsIn(renderForwarding(new Counts()));
    expect(found && copyText(found)).toBe("0 items sent, none lost, 0 kB waiting");
    expect(found && lostText(found)).toBe("");
  });

  it("is nothing where there is no copy", () => {
    expect(copyCountsIn('lens_received_total{signal="traces"} 5\n')).toBeNull();
    expect(copyCountsIn('otelcol_exporter_sent_spans_total{exporter="otlp_http/lens"} 5\n')).toBeNull();
  });
});
