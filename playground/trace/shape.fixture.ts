/** Compares two printed trees of the same kind of request, without times, ids, counts and bars. */

const TIME = /[\d.]+ (?:ns|µs|ms|s)\b/;
const ROW = new RegExp(`^(?<row>\\S.*\\S) +${TIME.source} [ ▏▎▍▌▋▊▉█▐▕░▒▓▚]*$`);

/** The lines of `tree`, without the values that differ between runs. */
export const shapeOf = (tree: string): string[] =>
  tree
    .trim()
    .split("\n")
    .map((line) =>
      (ROW.exec(line)?.groups?.row ?? line)
        .replace(/^ +╷0.*$/, "a time line")
        .replaceAll(new RegExp(TIME, "g"), "<time>")
        .replaceAll(/\b[0-9a-f]{32}\b/g, "<id>")
        // The number of database calls depends on the connections that are already open.
        .replaceAll(/\+\d+ spans?/g, "+n")
        // A long name may be cut.
        .replaceAll(/\S+Service\//g, "")
        .replaceAll(/ {2,}/g, "  "),
    );
