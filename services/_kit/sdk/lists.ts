/** The entries of a standard variable that holds a list, as the SDK reads one: by commas, without blanks. */
export const entriesOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
