/** A part that is written to: its words, its block and its entries, on their way to the database. */
import { decodeOrigin } from "../../../otlp/decode.ts";
import type { Hasher } from "../../../otlp/hasher.ts";
import { RESOURCE, SCOPE } from "../../../otlp/read/reading.ts";
import { SPAN } from "../../../otlp/read/spans.ts";
import { OpenBlock, pack } from "../../content.ts";
import { BUCKET, LOGS_SALT, placeKey, SERVICE_SALT } from "../../layout.ts";
import { type Batch, hashAt, resourceAt, scopeAt } from "../batch.ts";
import type { Statements } from "../statements.ts";
import type { Entries } from "./entries.ts";
import type { Part } from "./part.ts";

/** Where spans and log records come from: a resource and a scope. A process sends the same few with every request. */
export interface Origin {
  readonly id: number;
  readonly service: string;
  /** Of the service: of its spans, and of its log records. */
  readonly spansHash: number;
  readonly logsHash: number;
  readonly resource: Buffer;
  readonly scope: Buffer;
  readonly resourceUrl: string;
  readonly scopeUrl: string;
}

/** Of an origin's row and an operation's, beside their texts. */
const ROW_BYTES = 24;
/** The latest buckets whose entries are known. */
const KNOWN_BUCKETS = 512;

export class OpenPart {
  readonly part: Part;
  readonly #sql: Statements;
  readonly #hasher: Hasher;
  readonly #entries: Entries;
  readonly #origins = new Map<number, Origin>();
  #originCount = 0;
  readonly #operations = new Set<number>();
  #operationCount = 0;
  /** Entries that a bucket has, by bucket. */
  readonly #buckets = new Map<number, Set<number>>();
  #block: OpenBlock | null = null;

  constructor(part: Part, sql: Statements, hasher: Hasher, entries: Entries) {
    this.part = part;
    this.#sql = sql;
    this.#hasher = hasher;
    this.#entries = entries;
    if (part.traces > 0) this.#takeUp();
  }

  /** The origin of a batch's scope, which is noted when it is new. */
  origin(batch: Batch, body: Buffer, scope: number): Origin {
    const { scopes, resources } = batch;
    const [atScope, atResource] = [scopeAt(scope), resourceAt(batch, scope)];
    const hash = this.#hasher.both(
      hashAt(scopes, atScope + SCOPE.hashHigh),
      hashAt(resources, atResource + RESOURCE.hashHigh),
    );
    const slice = (rows: Int32Array, at: number): Buffer => body.subarray(rows[at], rows[at + 1]);
    const resource = slice(resources, atResource + RESOURCE.start);
    const scopeBytes = slice(scopes, atScope + SCOPE.start);
    const known = this.#origins.get(hash);
    if (known?.resource.equals(resource) && known.scope.equals(scopeBytes)) return known;
    const made = this.#newOrigin({
      resource: Buffer.from(resource),
      scope: Buffer.from(scopeBytes),
      resourceUrl: slice(resources, atResource + RESOURCE.urlStart).toString(),
      scopeUrl: slice(scopes, atScope + SCOPE.urlStart).toString(),
    });
    this.#origins.set(hash, made);
    return made;
  }

  /** Notes that a trace at `place` has a span of this service, and of this name and kind, whose hash is `named`. */
  operation(place: number, origin: Origin, named: number, body: Buffer, items: Int32Array, at: number): void {
    const hash = this.#hasher.both(origin.spansHash, named);
    if (!this.#operations.has(hash)) {
      this.#operations.add(hash);
      const name = body.toString("utf8", items[at + SPAN.nameStart], items[at + SPAN.nameEnd]);
      const kind = items[at + SPAN.kind] as number;
      this.#sql.operation.run(this.part.id, this.#operationCount++, origin.service, name, kind);
      this.part.bytes += ROW_BYTES + name.length + origin.service.length;
    }
    const bucket = Math.floor(place / BUCKET);
    this.bucketEntry(bucket, hash);
    this.bucketEntry(bucket, origin.spansHash);
  }

  /** Enters a bucket under a hash, once. */
  bucketEntry(bucket: number, hash: number): void {
    let known = this.#buckets.get(bucket);
    if (!known) {
      known = new Set();
      this.#buckets.set(bucket, known);
      const [oldest] = this.#buckets.size > KNOWN_BUCKETS ? this.#buckets.keys() : [];
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    if (known.has(hash)) return;
    known.add(hash);
    this.entry(hash, bucket);
  }

  /** Enters a place under a hash. */
  entry(hash: number, place: number): void {
    this.#entries.add(this.part.id, hash, place);
    this.part.bytes += ROW_BYTES;
  }

  /** The block that is written to; a new one when the last is full. */
  block(): OpenBlock {
    if (this.#block?.isFull) this.#seal(this.#block);
    this.#block ??= new OpenBlock(placeKey(this.part.id, this.part.blocks++));
    this.part.isDirty = true;
    return this.#block;
  }

  /** Writes what is new in its block. */
  save(): void {
    const block = this.#block;
    const piece = block?.newPiece();
    if (block && piece) this.#sql.piece.run(block.key, piece.n, piece.data);
  }

  /** Closes the block for good. */
  close(): void {
    if (this.#block) this.#seal(this.#block);
  }

  #seal(block: OpenBlock): void {
    const packed = pack(block.content);
    this.#sql.block.run(block.key, packed);
    this.#sql.dropPieces.run(block.key);
    this.part.bytes += packed.length + ROW_BYTES;
    this.#block = null;
  }

  #newOrigin(about: Omit<Origin, "id" | "service" | "spansHash" | "logsHash">): Origin {
    const { resource, scope, resourceUrl, scopeUrl } = about;
    const { service } = decodeOrigin(resource, scope);
    const id = this.#originCount++;
    this.#sql.origin.run(this.part.id, id, service, resource, resourceUrl, scope, scopeUrl);
    this.part.bytes += ROW_BYTES + resource.length + scope.length + service.length;
    return { ...about, id, service, ...this.#hashes(service) };
  }

  #hashes(service: string): { spansHash: number; logsHash: number } {
    const bytes = Buffer.from(service);
    const hash = (salt: number): number => this.#hasher.text(bytes, 0, bytes.length, salt);
    return { spansHash: hash(SERVICE_SALT), logsHash: hash(LOGS_SALT) };
  }

  /** Reads what the database has of it. */
  #takeUp(): void {
    const { id } = this.part;
    const hasher = this.#hasher;
    const origins = this.#sql.origins.all(id) as unknown as OriginRow[];
    for (const [number, service, resource, resourceUrl, scope, scopeUrl] of origins) {
      const origin = { id: number, service, resource: Buffer.from(resource), resourceUrl, scopeUrl };
      const hash = hasher.both(
        hasher.text(scope, 0, scope.length, Buffer.byteLength(scopeUrl)),
        hasher.text(resource, 0, resource.length, Buffer.byteLength(resourceUrl)),
      );
      this.#origins.set(hash, { ...origin, scope: Buffer.from(scope), ...this.#hashes(service) });
    }
    this.#originCount = origins.length;
    const operations = this.#sql.operations.all(id) as unknown as OperationRow[];
    for (const [, service, name, kind] of operations) {
      const bytes = Buffer.from(name);
      const named = hasher.text(bytes, 0, bytes.length, kind);
      this.#operations.add(hasher.both(this.#hashes(service).spansHash, named));
    }
    this.#operationCount = operations.length;
    const last = placeKey(id, this.part.blocks - 1);
    const pieces = this.#sql.pieces.all(last) as unknown as [Uint8Array][];
    if (pieces.length > 0)
      this.#block = new OpenBlock(
        last,
        pieces.map(([data]) => data),
      );
  }
}

type OriginRow = readonly [
  id: number,
  service: string,
  resource: Uint8Array,
  resourceUrl: string,
  scope: Uint8Array,
  scopeUrl: string,
];
type OperationRow = readonly [id: number, service: string, name: string, kind: number];
