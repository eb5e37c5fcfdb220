/**
 * Reads an export request once, from its first byte to its last, checks all of it and notes where things are. The items
 * themselves stay encoded; they are decoded when somebody asks for them.
 *
 * It works in pieces: a request may be long, and the thread that reads it has others to answer.
 */
import { Cursor } from "../cursor.ts";
import type { IndexKeys } from "./index-keys.ts";
import { RESOURCE, Reading, type RejectReason, SCOPE } from "./reading.ts";
import { walkKeyValue } from "./walk.ts";

/** How the items of a signal are read. */
export interface ItemReader {
  /** Numbers in an item's row. */
  readonly width: number;
  /**
   * Reads the item at the cursor, whose limit is the item's end, and adds its row (or rows); or says why it is left
   * out.
   */
  read(cursor: Cursor, reading: Reading): RejectReason | null;
}

/** So many bytes are read in one piece: some 0.5 ms. */
const PIECE_BYTES = 128 * 1024;

/**
 * `body`: an encoded export request of the signal whose items `reader` knows. Yields after each piece; its last value
 * is the reading. Throws an OtlpError `malformed` when any of it is broken.
 */
export function* readRequest(
  body: Buffer,
  keys: IndexKeys,
  reader: ItemReader,
): Generator<undefined, Reading> {
  const reading = new Reading(keys, reader.width);
  const cursor = new Cursor(body);
  const [resource, scope] = [new ResourceReader(reading), new ScopeReader(reading)];
  let pausedAt = 0;
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag !== 0x0a) {
      cursor.skip(tag);
      continue;
    }
    const endOfAll = cursor.enter();
    resource.begin();
    while (cursor.more()) {
      const field = cursor.tag();
      if (field !== 0x12) {
        resource.field(cursor, field);
        continue;
      }
      const endOfResource = cursor.enter();
      scope.begin();
      while (cursor.more()) {
        const inner = cursor.tag();
        if (inner === 0x12) scope.item(cursor, reader);
        else scope.field(cursor, inner);
        if (cursor.pos - pausedAt < PIECE_BYTES) continue;
        yield;
        pausedAt = cursor.pos;
      }
      scope.end(cursor, resource);
      cursor.leave(endOfResource);
    }
    resource.end(cursor);
    cursor.leave(endOfAll);
    if (cursor.pos - pausedAt < PIECE_BYTES) continue;
    yield;
    pausedAt = cursor.pos;
  }
  return reading;
}

/**
 * What a message of resources and one of scopes have in common: the thing itself is field 1, its schema's address field
 * 3.
 */
class Holder {
  protected readonly reading: Reading;
  /** The row of the thing; -1 as long as nothing of it is taken. */
  protected row = -1;
  #start = 0;
  #end = 0;
  #urlStart = 0;
  #urlEnd = 0;
  /** Where its items begin. */
  #itemsAt = 0;

  constructor(reading: Reading) {
    this.reading = reading;
  }

  begin(): void {
    this.row = -1;
    this.#start = this.#end = this.#urlStart = this.#urlEnd = 0;
    this.#itemsAt = this.reading.items.length;
  }

  /** Reads the field whose tag was just read. */
  field(cursor: Cursor, tag: number): void {
    if (tag !== 0x0a && tag !== 0x1a) {
      cursor.skip(tag);
      return;
    }
    const length = cursor.skipBytes();
    if (tag === 0x0a) {
      this.#end = cursor.pos;
      this.#start = cursor.pos - length;
    } else {
      this.#urlEnd = cursor.pos;
      this.#urlStart = cursor.pos - length;
    }
  }

  /**
   * Checks the thing, which may stand behind its items, enters its attributes (under `attributesTag`) in the index and
   * fills in the columns that begin every row at `at` in `list`.
   */
  protected check(bytes: Buffer, attributesTag: number): void {
    const { walk, keys, more } = this.reading;
    const cursor = new Cursor(bytes, this.#start, this.#end);
    walk.begin();
    while (cursor.more() && !walk.isTooMuch) {
      const tag = cursor.tag();
      if (tag === attributesTag) walkKeyValue(cursor, walk, 0, keys, more);
      else cursor.skip(tag);
    }
    if (walk.isTooMuch) this.reading.rejectFrom(this.#itemsAt, "too_complex");
  }

  protected fill(bytes: Buffer, list: Int32Array, at: number): void {
    const { hasher } = this.reading.keys;
    hasher.text(bytes, this.#start, this.#end, this.#urlEnd - this.#urlStart);
    list[at] = this.#start;
    list[at + 1] = this.#end;
    list[at + 2] = this.#urlStart;
    list[at + 3] = this.#urlEnd;
    list[at + 4] = hasher.high | 0;
    list[at + 5] = hasher.low | 0;
  }
}

class ResourceReader extends Holder {
  /** Its row, which is made when the first of its scopes is taken. */
  ownRow(): number {
    if (this.row < 0) this.row = this.reading.resources.add(RESOURCE.width) / RESOURCE.width;
    return this.row;
  }

  end({ bytes }: Cursor): void {
    const { more, resources } = this.reading;
    const entriesAt = more.length;
    this.check(bytes, 0x0a);
    if (this.row < 0) {
      more.length = entriesAt;
      return;
    }
    const at = this.row * RESOURCE.width;
    this.fill(bytes, resources.list, at);
    resources.list[at + RESOURCE.entriesAt] = entriesAt;
    resources.list[at + RESOURCE.entries] = (more.length - entriesAt) / 2;
  }
}

class ScopeReader extends Holder {
  /** Reads the item at the cursor. */
  item(cursor: Cursor, reader: ItemReader): void {
    const { reading } = this;
    const { items, more, scopes } = reading;
    const outer = cursor.enter();
    const [itemsAt, moreAt] = [items.length, more.length];
    reading.scope = this.row < 0 ? scopes.length / SCOPE.width : this.row;
    reading.walk.begin();
    const why = reader.read(cursor, reading);
    cursor.leave(outer);
    if (why !== null) {
      items.length = itemsAt;
      more.length = moreAt;
      reading.rejected[why]++;
    } else if (this.row < 0 && items.length > itemsAt) this.row = scopes.add(SCOPE.width) / SCOPE.width;
  }

  end({ bytes }: Cursor, resource: ResourceReader): void {
    const { more, scopes } = this.reading;
    const moreAt = more.length;
    this.check(bytes, 0x1a);
    // A scope's attributes are not looked up.
    more.length = moreAt;
    if (this.row < 0) return;
    const at = this.row * SCOPE.width;
    scopes.list[at + SCOPE.resource] = resource.ownRow();
    this.fill(bytes, scopes.list, at);
  }
}
