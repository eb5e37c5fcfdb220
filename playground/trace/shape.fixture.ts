/** What two printed trees of the same kind of request have in common: times, ids, counts and bars aside. */

const TIME = /[\d.]+ (?:ns|µs|ms|s)\b/;
const ROW = new RegExp(`^(?<row>\\S.*\\S) +${TIME.source} [ ▏▎▍▌▋▊▉█▐▕░▒▓▚]*$`);

/** The lines of `tree`, without what differs from one run to the next. */
export const shapeOf = (tree: string): string[] =>
  tree
    .trim()
    .split("\n")
    .map((line) =>
      (ROW.exec(line)?.groups?.row ?? line)
        .replace(/^ +╷0.*$/, "a time line")
        .replaceAll(new RegExp(TIME, "g"), "<time>")
        .replaceAll(/\b[0-9a-f]{32}\b/g, "<id>")
        // How many database calls there are depends on which connections are open already.
        .replaceAll(/\+\d+ spans?/g, "+n")
        // A name is cut where it has no room.
        .replaceAll(/\S+Service\//g, "")
        .replaceAll(/ {2,}/g, "  "),
    );
