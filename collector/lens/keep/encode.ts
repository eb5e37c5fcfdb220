/** Stored items back into export requests, as they could have come. */
import { Writer } from "../otlp/writer.ts";
import type { Stored } from "../store/block.ts";
import type { Origin } from "../store/origins.ts";

/**
 * An encoded ExportTraceServiceRequest or ExportLogsServiceRequest, which are the same on the wire; empty without
 * items.
 */
export function encodeRequest(items: Iterable<Stored>): Buffer {
  const byOrigin = new Map<Origin, Buffer[]>();
  for (const { origin, bytes } of items) {
    const known = byOrigin.get(origin);
    if (known) known.push(bytes);
    else byOrigin.set(origin, [bytes]);
  }
  const writer = new Writer();
  for (const [origin, list] of byOrigin) {
    writer.messageField(1, () => {
      writer.bytesField(1, origin.resource);
      writer.messageField(2, () => {
        writer.bytesField(1, origin.scope);
        for (const bytes of list) writer.bytesField(2, bytes);
        if (origin.scopeSchemaUrl) writer.bytesField(3, Buffer.from(origin.scopeSchemaUrl));
      });
      if (origin.resourceSchemaUrl) writer.bytesField(3, Buffer.from(origin.resourceSchemaUrl));
    });
  }
  return writer.finish();
}
