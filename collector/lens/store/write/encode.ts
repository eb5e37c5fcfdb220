/** Stored items back into export requests, as they could have come. */
import { Writer } from "../../otlp/writer.ts";
import type { Origin } from "./parts/open-part.ts";

export type OriginBytes = Pick<Origin, "resource" | "scope" | "resourceUrl" | "scopeUrl">;

/** An encoded export request of traces or logs, which are the same on the wire; empty without items. */
export function encodeRequest(
  items: Iterable<{ readonly origin: OriginBytes; readonly bytes: Buffer }>,
): Buffer {
  const byOrigin = new Map<OriginBytes, Buffer[]>();
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
        if (origin.scopeUrl) writer.bytesField(3, Buffer.from(origin.scopeUrl));
      });
      if (origin.resourceUrl) writer.bytesField(3, Buffer.from(origin.resourceUrl));
    });
  }
  return writer.finish();
}
