/**
 * Text for a terminal: made harmless, measured in columns, cut in the middle. Names and ids come from the sender of the
 * telemetry, who may be hostile, so nothing reaches the terminal without `plain`.
 */

/**
 * The text on one line, without commands for a terminal: white space becomes a blank; control, format and unassigned
 * characters (escape sequences, bidirectional overrides, zero-width marks) become "�".
 */
export function plain(text: string): string {
  return text.replace(/[\s\u2028\u2029]+/gu, " ").replace(/[\p{C}\p{Variation_Selector}]/gu, "\uFFFD");
}

/** How many terminal columns plain text takes: combining marks none, East Asian wide characters and emoji two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += columnsOf(character);
  return width;
}

function columnsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  // Nearly all text here (Latin, box drawing, blocks) needs no look into Unicode's tables.
  if (code < 0x300 || (code >= 0x2500 && code <= 0x25a0)) return 1;
  if (/^\p{M}$/u.test(character)) return 0;
  return isWide(code) || /^\p{Emoji_Presentation}$/u.test(character) ? 2 : 1;
}

/** The blocks that Unicode's East Asian Width counts as wide or full-width; whole blocks, so never too narrow. */
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xa960 && code <= 0xa97f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x16fe0 && code <= 0x18d08) ||
    (code >= 0x1aff0 && code <= 0x1b2fb) ||
    (code >= 0x1f200 && code <= 0x1f320) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/** The text in at most `columns` columns, cut in the middle, where ids and names differ least, with "…". */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns <= 1) return columns === 1 ? "…" : "";
  const tail = takeEnd(text, Math.floor((columns - 1) / 2));
  return `${takeStart(text, columns - 1 - widthOf(tail))}…${tail}`;
}

/** The text in at most `columns` columns, cut at its end with "…". */
export function clipEnd(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  return columns < 1 ? "" : `${takeStart(text, columns - 1)}…`;
}

/**
 * A span name in at most `columns` columns. An RPC method that does not fit first loses its package, because
 * `…OrderService/Checkout` says more than its two ends.
 */
export function clipName(name: string, columns: number): string {
  return widthOf(name) <= columns ? name : clip(shortName(name), columns);
}

/** The name of an RPC method without its package; any other name as it is. */
export const shortName = (name: string): string => name.replace(/^(?:[\w-]+\.)+(?=[\w-]+\/)/, "…");

/** Blanks added on the right up to `columns`; longer text stays as it is. */
export const padEnd = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - widthOf(text)));

/** Blanks added on the left up to `columns`; longer text stays as it is. */
export const padStart = (text: string, columns: number): string =>
  " ".repeat(Math.max(0, columns - widthOf(text))) + text;

/** The longest beginning that takes at most `columns` columns. */
export function takeStart(text: string, columns: number): string {
  let taken = "";
  let left = columns;
  for (const character of text) {
    left -= columnsOf(character);
    if (left < 0) break;
    taken += character;
  }
  return taken;
}

function takeEnd(text: string, columns: number): string {
  let taken = "";
  let left = columns;
  for (const character of [...text].reverse()) {
    left -= columnsOf(character);
    if (left < 0) break;
    taken = character + taken;
  }
  return taken;
}
