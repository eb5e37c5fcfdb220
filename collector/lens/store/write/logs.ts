/** Writes the log records of a request: with their trace, or in a row of their own when they have none. */
import { LOG } from "../../otlp/read/logs.ts";
import { RESOURCE } from "../../otlp/read/reading.ts";
import { type Batch, hashAt, resourceAt } from "./batch.ts";
import { Chains, type LogsAbout } from "./chains.ts";
import { type Find, Finder } from "./finder.ts";
import type { OpenPart, Origin } from "./parts/open-part.ts";
import { enter, timeAt } from "./spans.ts";
import type { Trace } from "./trace.ts";
import type { Writing } from "./writing.ts";

export class LogWriter {
  readonly #finder: Finder;
  readonly #chains: Chains;

  constructor(writing: Writing) {
    this.#finder = new Finder(writing);
    this.#chains = new Chains(writing);
  }

  /** Writes the log records of `batch` to the part. */
  write(open: OpenPart, batch: Batch, find: Find = this.#finder.find): void {
    const { items, count, more } = batch;
    const { buffer, byteOffset, byteLength } = batch.body;
    const body = Buffer.from(buffer, byteOffset, byteLength);
    const origins: Origin[] = [];
    const originOf = (scope: number): Origin => {
      origins[scope] ??= open.origin(batch, body, scope);
      return origins[scope];
    };
    /** Of this request, by service. */
    const loose = new Map<string, Trace>();
    this.#chains.begin(batch);
    for (let i = 0, at = 0; i < count; i++, at += LOG.width) {
      const origin = originOf(items[at + LOG.scope] as number);
      const traceAt = items[at + LOG.traceAt] as number;
      let trace = traceAt < 0 ? loose.get(origin.service) : undefined;
      trace ??= find(open, hashAt(items, at + LOG.traceHigh), body, traceAt, origin.service);
      if (traceAt < 0) loose.set(origin.service, trace);
      this.#chains.add(trace, i);
      trace.logs++;
      trace.root.logs++;
      const entriesAt = items[at + LOG.moreAt] as number;
      for (let n = 0; n < (items[at + LOG.entries] as number); n++)
        enter(open, trace, hashAt(more, entriesAt + n * 2));
      const resource = resourceAt(batch, items[at + LOG.scope] as number);
      const ofResource = batch.resources[resource + RESOURCE.entriesAt] as number;
      for (let n = 0; n < (batch.resources[resource + RESOURCE.entries] as number); n++)
        enter(open, trace, hashAt(more, ofResource + n * 2));
    }
    const about = (item: number, into: LogsAbout): void => {
      const at = item * LOG.width;
      const time = timeAt(body, items[at + LOG.timeAt] as number);
      into.first = Math.min(into.first, time);
      into.last = Math.max(into.last, time);
      into.severity = Math.max(into.severity, items[at + LOG.severity] as number);
      into.services.add(originOf(items[at + LOG.scope] as number).logsHash);
    };
    this.#chains.write(open, batch, body, LOG.width, originOf, about);
  }
}
