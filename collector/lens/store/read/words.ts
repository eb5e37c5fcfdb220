/** What parts say in words: where items come from, and which operations there are. A part's words only grow. */
import { decodeOrigin, type OriginWords } from "../../otlp/decode.ts";
import type { Database, Statement } from "../sqlite.ts";

/** Where spans and log records come from. */
export interface Origin {
  /** Encoded messages. */
  readonly resource: Buffer;
  readonly scope: Buffer;
  readonly resourceUrl: string;
  readonly scopeUrl: string;
  readonly words: OriginWords;
}

export interface Operation {
  readonly service: string;
  readonly name: string;
  /** OTLP's number of the span kind. */
  readonly kind: number;
}

type OriginRow = readonly [
  id: number,
  resource: Uint8Array,
  resourceUrl: string,
  scope: Uint8Array,
  scopeUrl: string,
];
type OperationRow = readonly [id: number, service: string, name: string, kind: number];

/** Parts whose words are kept. */
const KEPT = 128;

class PartWords {
  readonly origins: Origin[] = [];
  readonly operations: Operation[] = [];
}

export class Words {
  readonly #origins: Statement;
  readonly #operations: Statement;
  readonly #byPart = new Map<number, PartWords>();

  constructor(database: Database) {
    const prepare = (sql: string): Statement => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#origins = prepare(
      "SELECT id, resource, resourceUrl, scope, scopeUrl FROM origin WHERE part = ? AND id >= ? ORDER BY id",
    );
    this.#operations = prepare(
      "SELECT id, service, name, kind FROM operation WHERE part = ? AND id >= ? ORDER BY id",
    );
  }

  /** The origin with this number in the part; undefined when the part is gone. */
  origin(part: number, id: number): Origin | undefined {
    const words = this.#of(part);
    if (id < words.origins.length) return words.origins[id];
    const rows = this.#origins.all(part, words.origins.length) as unknown as OriginRow[];
    for (const [, resource, resourceUrl, scope, scopeUrl] of rows) {
      const [resourceBytes, scopeBytes] = [Buffer.from(resource), Buffer.from(scope)];
      words.origins.push({
        resource: resourceBytes,
        scope: scopeBytes,
        resourceUrl,
        scopeUrl,
        words: decodeOrigin(resourceBytes, scopeBytes),
      });
    }
    return words.origins[id];
  }

  /** The operations of a part. */
  operations(part: number): readonly Operation[] {
    const words = this.#of(part);
    const rows = this.#operations.all(part, words.operations.length) as unknown as OperationRow[];
    for (const [, service, name, kind] of rows) words.operations.push({ service, name, kind });
    return words.operations;
  }

  #of(part: number): PartWords {
    let words = this.#byPart.get(part);
    if (!words) {
      words = new PartWords();
      this.#byPart.set(part, words);
      const [oldest] = this.#byPart.size > KEPT ? this.#byPart.keys() : [];
      if (oldest !== undefined) this.#byPart.delete(oldest);
    }
    return words;
  }
}
