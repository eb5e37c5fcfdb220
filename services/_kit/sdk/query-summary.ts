/**
 * A statement in a few words of low cardinality: each of its operations, followed by the tables that it is about, as in
 * `INSERT orders SELECT users`. It is the span's name and its `db.query.summary`.
 *
 * Source: OpenTelemetry's conventions, "Generating a summary of the query" on the page of database spans.
 */

/** The conventions' limit. A summary ends before the word that would exceed it. */
const LONGEST = 255;

/** Statements are constants of the code, so there are few. The limit is for a caller that builds its own. */
const MOST_KNOWN = 1_000;

const known = new Map<string, string>();

/** The summary of `sql`; empty for a text without a word. */
export function summaryOf(sql: string): string {
  const before = known.get(sql);
  if (before !== undefined) return before;
  const summary = summarize(sql);
  if (known.size < MOST_KNOWN) known.set(sql, summary);
  return summary;
}

/** Comments, texts, names (also quoted, or with a schema), numbers and parameters, and what separates them. */
const TOKENS =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)(?:\.(?:"[^"]+"|\w+))*|\$?\d+|[(),]/g;
const COMMENT = /^(--|\/\*)/;
const NAME = /^["A-Za-z_]/;

const tokensOf = (sql: string): string[] => (sql.match(TOKENS) ?? []).filter((token) => !COMMENT.test(token));

/** Operations that read or change the rows of tables. */
const ROWS = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"]);
/** Before these words a table's name stands. */
const BEFORE_TABLE = new Set(["FROM", "JOIN", "INTO", "UPDATE"]);

interface Part {
  readonly operation: string;
  readonly targets: string[];
}

function summarize(sql: string): string {
  const tokens = tokensOf(sql);
  const parts = partsOf(tokens);
  const [first] = parts;
  // Such as LISTEN orders, CREATE TABLE, COMMIT.
  if (first === undefined) return joined(tokens.slice(0, 2).filter((token) => NAME.test(token)));
  // A SELECT without a table says something only where the statement has nothing else.
  const telling = parts.filter(({ targets }) => targets.length > 0);
  if (telling.length === 0) return joined([first.operation, ...calledIn(tokens)]);
  return joined(telling.flatMap(({ operation, targets }) => [operation, ...targets]));
}

/** The first function whose result is selected. */
const calledIn = (tokens: readonly string[]): string[] =>
  tokens
    .filter(
      (token, at) =>
        NAME.test(token) && tokens[at + 1] === "(" && /^(SELECT|FROM)$/i.test(tokens[at - 1] ?? ""),
    )
    .slice(0, 1);

function joined(words: readonly string[]): string {
  let text = "";
  for (const word of words) {
    const longer = text === "" ? word : `${text} ${word}`;
    if (longer.length > LONGEST) break;
    text = longer;
  }
  return text;
}

/** The operations in their order, each with its tables. Names that a WITH defines are no tables. */
function partsOf(tokens: readonly string[]): Part[] {
  const parts: Part[] = [];
  const defined = new Set(
    tokens.filter((token, at) => NAME.test(token) && isWord(tokens[at + 1], "AS") && tokens[at + 2] === "("),
  );
  /** The operation of each open parenthesis. Only in one with an operation does FROM stand before a table. */
  const open: (Part | undefined)[] = [undefined];
  for (const [at, token] of tokens.entries()) {
    if (token === "(") open.push(undefined);
    else if (token === ")") open.pop();
    const word = token.toUpperCase();
    const before = tokens[at - 1]?.toUpperCase() ?? "";
    if (ROWS.has(word) && !isPartOfClause(word, before)) {
      const part = { operation: token, targets: [] };
      parts.push(part);
      open[open.length - 1] = part;
    }
    const part = open.at(-1);
    if (part === undefined || !startsTables(word, before)) continue;
    for (const table of tablesFrom(tokens, at + 1, word === "INTO")) {
      if (!defined.has(table) && !part.targets.includes(table)) part.targets.push(table);
    }
  }
  return parts;
}

const isWord = (token: string | undefined, word: string): boolean => token?.toUpperCase() === word;

/** `ON CONFLICT DO UPDATE`, `FOR UPDATE`, `FOR NO KEY UPDATE`: the word is no operation of its own. */
const isPartOfClause = (word: string, before: string): boolean =>
  word === "UPDATE" && ["DO", "FOR", "KEY"].includes(before);

const startsTables = (word: string, before: string): boolean =>
  BEFORE_TABLE.has(word) && !isPartOfClause(word, before) && !(word === "FROM" && before === "DISTINCT");

/**
 * The tables of a list that begins at `at`, each perhaps with another name. A function's rows are no table.
 * `withColumns`: a parenthesis behind the name holds columns.
 */
function tablesFrom(tokens: readonly string[], at: number, withColumns: boolean): string[] {
  const tables: string[] = [];
  for (let next = at; ; next += 1) {
    if (isWord(tokens[next], "ONLY")) next += 1;
    const token = tokens[next] ?? "";
    if (!NAME.test(token) || (!withColumns && tokens[next + 1] === "(")) return tables;
    tables.push(token);
    // Up to the next table of the list, over `AS o`.
    next += 1;
    if (isWord(tokens[next], "AS")) next += 1;
    if (tokens[next] !== "," && tokens[next + 1] === ",") next += 1;
    if (tokens[next] !== ",") return tables;
  }
}
