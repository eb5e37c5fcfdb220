/**
 * Removes one line of the product while a test runs, without touching a file: `BATON_MUTANT=<name>` makes Vite give the
 * tests a source in which the named mutant's text is replaced. `tests/mutation.all.test.ts` runs every mutant and
 * expects its test to fail.
 */
import { mutants } from "./mutants.ts";

/** Declared here, so that this file needs no type of the bundler. */
interface Transform {
  name: string;
  enforce: "pre";
  transform(code: string, id: string): string | null;
}

/** `name`: a mutant of `mutants.ts`, or undefined for the unchanged product. Throws on an unknown name. */
export function mutate(name: string | undefined): Transform {
  const mutant = name ? mutants.find((m) => m.name === name) : undefined;
  if (name && !mutant) throw new Error(`no mutant is called ${name}; tests/mutants.ts has the list`);
  return {
    name: "baton-mutant",
    enforce: "pre",
    transform(code, id) {
      if (!mutant || !id.split("?")[0]?.endsWith(`/${mutant.file}`)) return null;
      const parts = code.split(mutant.find);
      if (parts.length !== 2) {
        throw new Error(
          `mutant ${mutant.name}: its text occurs ${parts.length - 1} times in ${mutant.file}, not once`,
        );
      }
      return parts.join(mutant.replace);
    },
  };
}
