/** The rules of style that matter, as a test: who may import whom, how long things may get, what must be in step. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { services } from "./topology.ts";

const root = path.dirname(import.meta.dirname);
const run = promisify(execFile);

interface Source {
  /** From the project's root. */
  readonly file: string;
  readonly text: string;
  readonly lines: number;
  /** What it imports: files of ours from the project's root, packages by name, Node's by `node:`. */
  readonly imports: readonly { readonly target: string; readonly typeOnly: boolean }[];
}

/** Files that may be longer, each with its reason. */
const LONG: Readonly<Record<string, string>> = {};
const MAX_LINES = 250;
/** Tables of cases and of rules grow by being complete. */
const MAX_TEST_LINES = 400;

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^"'();]*?from\s+"([^"]+)"|(?:^|\n)\s*import\s+"([^"]+)"|import\("([^"]+)"\)/g;

function importsOf(file: string, text: string): Source["imports"] {
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[2] ?? match[3] ?? match[4] ?? "";
    const ours = specifier.startsWith(".");
    const target = ours ? path.posix.join(path.posix.dirname(file), specifier) : specifier;
    return { target, typeOnly: match[1] !== undefined };
  });
}

let sources: readonly Source[];
const folders = ["services", "collector", "load", "playground", "tests", "bench", "dashboards"];

beforeAll(async () => {
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true }).catch(
        () => [],
      );
      return entries
        .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
        .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
    }),
  );
  const files = lists.flat().filter((file) => !file.includes("/gen/"));
  sources = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(path.join(root, file), "utf8");
      return { file, text, lines: text.split("\n").length - 1, imports: importsOf(file, text) };
    }),
  );
  expect(sources.length).toBeGreaterThan(100);
});

const bin = path.join(root, "node_modules/.bin");
/** Runs buf, which finds its plugin beside itself. */
const buf = (...args: string[]) =>
  run(path.join(bin, "buf"), args, {
    cwd: root,
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });

const isTest = (file: string): boolean =>
  /\.(test|fixture|case)\.ts$/.test(file) || file.startsWith("tests/");
const product = (): Source[] => sources.filter(({ file }) => !isTest(file));

/** Every import of a product file in `from` that `allowed` does not let through. */
function strangers(
  from: RegExp,
  allowed: (target: string, source: Source, typeOnly: boolean) => boolean,
): string[] {
  return product()
    .filter(({ file }) => from.test(file))
    .flatMap((source) =>
      source.imports
        .filter(({ target, typeOnly }) => !allowed(target, source, typeOnly))
        .map(({ target }) => `${source.file} imports ${target}`),
    );
}

const isOurs = (target: string): boolean => folders.some((folder) => target.startsWith(`${folder}/`));
const within = (target: string, ...places: string[]): boolean =>
  places.some((place) => target.startsWith(place));

/** What runs, and how that is declared. */
const TOPOLOGY = ["services/topology.ts", "services/declare.ts"];

describe("who may import whom", () => {
  test("_contracts nothing of ours", () => {
    expect(
      strangers(/^services\/_contracts\//, (to) => !isOurs(to) || within(to, "services/_contracts/")),
    ).toEqual([]);
  });

  test("_kit neither a service nor _contracts", () => {
    expect(strangers(/^services\/_kit\//, (to) => !isOurs(to) || within(to, "services/_kit/"))).toEqual([]);
  });

  test("a service the kit, the contracts, the topology and itself, never another service", () => {
    const found = strangers(/^services\/[a-z]+\//, (to, { file }) => {
      const own = `${path.posix.dirname(file)}/`;
      return !isOurs(to) || within(to, own, "services/_kit/", "services/_contracts/", ...TOPOLOGY);
    });
    expect(found).toEqual([]);
  });

  test("no service OpenTelemetry, a broker, a database or a web framework: the kit owns them", () => {
    const plumbing =
      /^(@opentelemetry\/|@nats-io\/|bullmq|ioredis|pg$|hono|@hono\/|nodemailer|pino|node:(http|http2|net)$)/;
    expect(strangers(/^services\/[a-z]+\//, (to) => !plumbing.test(to))).toEqual([]);
  });

  test("which broker it is: its own folders, the one place that chooses, the configuration and the topology", () => {
    const places =
      /^services\/(_kit\/nats\/|_kit\/events\/nats\/|_kit\/service\/broker\.ts|_kit\/process\/config\.ts|topology|declare\.ts)/;
    const said = product().filter(
      ({ file, text }) =>
        file.startsWith("services/") &&
        !places.test(file) &&
        /nats|jetstream/i.test(text.replaceAll("`nats/`", "")),
    );
    expect(
      said.map(({ file }) => `${file} says which broker it is: ask the port, services/_kit/events/broker.ts`),
    ).toEqual([]);
    const client = /^services\/_kit\/(events\/)?nats\//;
    const found = strangers(
      /^services\//,
      (to, { file }) => !to.startsWith("@nats-io/") || client.test(file),
    );
    expect(found).toEqual([]);
  });

  test("a use case of the kit only errors and types: what it needs is handed in", () => {
    const wiring = new Set(["main.ts", "service.ts", "store.ts", "rpc.ts", "clients.ts", "ports.ts"]);
    const found = strangers(/^services\/[a-z]+\//, (to, { file }, typeOnly) => {
      if (wiring.has(path.posix.basename(file)) || !within(to, "services/_kit/")) return true;
      return typeOnly || to === "services/_kit/process/errors.ts";
    });
    expect(found).toEqual([]);
  });

  test("lens no service, and of the kit only the telemetry's names", () => {
    const found = strangers(/^collector\/lens\//, (to) => {
      return !isOurs(to) || within(to, "collector/lens/", "services/_kit/telemetry/conventions.ts");
    });
    expect(found).toEqual([]);
  });

  test("the journey module and the scenarios nothing that a browser or k6 does not have", () => {
    const pure = (to: string) =>
      within(to, "collector/lens/journey/", "services/_kit/telemetry/conventions.ts");
    expect(strangers(/^collector\/lens\/journey\//, pure)).toEqual([]);
    expect(strangers(/^load\/scenarios\//, (to) => within(to, "load/"))).toEqual([]);
    expect(strangers(/^load\/scenario\.ts$/, () => false)).toEqual([]);
  });

  test("the playground the topology, the contracts' public side, lens' journeys and the scenarios", () => {
    const open = [
      "playground/",
      ...TOPOLOGY,
      "services/topology-check.ts",
      "services/_contracts/",
      "services/_kit/telemetry/conventions.ts",
      // The dead letters are a matter between a person and the stream: no service answers for them.
      "services/_kit/events/letters/redrive.ts",
      "services/_kit/service/dead-letters.ts",
      "collector/lens/journey/",
      "load/",
    ];
    const found = strangers(/^playground\//, (to) => !isOurs(to) || within(to, ...open));
    expect(found).toEqual([]);
  });

  test("no circle of imports, not even for a type", () => {
    const edges = new Map(sources.map(({ file, imports }) => [file, imports.map(({ target }) => target)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      const at = trail.indexOf(file);
      if (at >= 0) circles.push([...trail.slice(at), file].join(" -> "));
      if (at >= 0 || done.has(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    };
    for (const file of edges.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });
});

describe("shape", () => {
  test(`a file has at most ${MAX_LINES} lines, a test's ${MAX_TEST_LINES}; the exceptions are listed with their reason`, () => {
    const long = sources
      .filter(({ file, lines }) => lines > (isTest(file) ? MAX_TEST_LINES : MAX_LINES) && !(file in LONG))
      .map(({ file, lines }) => `${file}: ${lines}`);
    expect(long).toEqual([]);
  });

  test("no file only passes on what others export", () => {
    const barrels = product().filter(({ text }) =>
      /^(\s*(\/\*[\s\S]*?\*\/|\/\/.*|export (type )?(\{[^}]*\}|\*) from .*;?))*\s*$/.test(text),
    );
    expect(barrels.map(({ file }) => file)).toEqual([]);
  });

  test("the same role has the same file name in every service, and each folder is a service that is declared", async () => {
    const entries = await readdir(path.join(root, "services"), { withFileTypes: true });
    const folders = entries
      .filter((one) => one.isDirectory() && !one.name.startsWith("_"))
      .map(({ name }) => name);
    const declared: readonly string[] = services.map(({ name }) => name);
    const found = folders
      .filter((name) => !declared.includes(name))
      .map((name) => `services/${name}/ is not declared: add it to services/topology.ts, or remove it`);
    for (const { name, database } of services) {
      const files = await readdir(path.join(root, "services", name)).catch(() => [] as string[]);
      const stored = ["store.ts", "store.hop.test.ts", "schema.sql"];
      const needed = ["main.ts", "service.ts", ...(database ? stored : [])];
      for (const file of needed.filter((file) => !files.includes(file)))
        found.push(
          `services/${name}/${file} is missing: every service${stored.includes(file) ? " with a database" : ""} has one`,
        );
      if (!database && files.includes("store.ts"))
        found.push(
          `services/${name}/store.ts is there and no database: say \`database: true\` in services/topology.ts`,
        );
      const wired = sources.filter(
        ({ file, imports }) =>
          /^services\/[a-z]+\/[a-z-]+\.hop\.test\.ts$/.test(file) &&
          imports.some(({ target }) => target === `services/${name}/service.ts`),
      );
      if (wired.length === 0)
        found.push(
          `services/${name}/service.hop.test.ts is missing: no test runs the service with all of its wiring`,
        );
    }
    expect(found).toEqual([]);
  });

  test("every use case has its test beside it", () => {
    const wiring = /\/(main|service|store|rpc|clients|ports|order)\.ts$/;
    const files = new Set(sources.map(({ file }) => file));
    const bare = product()
      .map(({ file }) => file)
      .filter((file) => /^services\/[a-z]+\//.test(file) && !wiring.test(file))
      .filter((file) => !files.has(file.replace(/\.ts$/, ".test.ts")));
    expect(bare).toEqual([]);
  });

  test("no test is skipped, focused or put off without a reason beside it", () => {
    const asleep = /\b(?:test|describe|it)\.(?:skip|only|todo|fails)\b/;
    const found = sources.flatMap(({ file, text }) =>
      text
        .split("\n")
        .filter((line) => asleep.test(line) && !line.includes("reason:") && !line.includes("asleep"))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });

  test("no test states a bound in plain milliseconds: on a busy machine that is a failure which says nothing", () => {
    const raw: readonly (readonly [RegExp, string])[] = [
      [/^ *\}\)?,\s*[\d_]+,?\s*\);?$/gm, "drop it: vitest.config.ts states each project's bound"],
      [/\beventually\([^;]*?,\s*[\d_]{4,},?\s*\)/g, "drop it, or patient(...)"],
      [/\b(?:test|hook)?[tT]imeout: *\d/g, "patient(...), of tests/patience.ts"],
      [/\b\w*(?:[wW]ithinMs|WITHIN_MS)(?::| =) *[\d_]{4,}/g, "patient(...), of tests/patience.ts"],
      [/\bAbortSignal\.timeout\(\d/g, "patient(...), of tests/patience.ts"],
    ];
    const bounded = sources.filter(({ file }) => isTest(file));
    const found = bounded.flatMap(({ file, text }) =>
      raw.flatMap(([pattern, remedy]) =>
        [...text.matchAll(pattern)].map((match) => {
          const line = text.slice(0, match.index + match[0].length).split("\n").length;
          return `${file}:${line}: ${match[0].split("\n").at(-1)?.trim()}: ${remedy}`;
        }),
      ),
    );
    expect(found).toEqual([]);
  });
});

describe("in step", () => {
  test.each([
    ["the contracts", [], "services/_contracts/gen"],
    [
      "the protocols that the kit speaks",
      ["--template", "services/_kit/rpc/grpc/buf.gen.yaml"],
      "services/_kit/rpc/gen",
    ],
  ])("the generated code with %s", async (_what, template, folder) => {
    const out = await mkdtemp(path.join(os.tmpdir(), "baton-gen-"));
    try {
      await buf("generate", ...template, "--output", out);
      const made = path.join(out, folder);
      const kept = path.join(root, folder);
      const list = async (place: string) => (await readdir(place, { recursive: true })).toSorted();
      expect(await list(made)).toEqual(await list(kept));
      for (const file of (await list(made)).filter((name) => /\.(js|ts)$/.test(name))) {
        expect(await readFile(path.join(kept, file), "utf8"), file).toBe(
          await readFile(path.join(made, file), "utf8"),
        );
      }
    } finally {
      await rm(out, { recursive: true });
    }
  });

  test("the contracts with the rules of the field", async () => {
    await buf("lint", "services/_contracts");
  });

  test("the lock file names no registry", async () => {
    expect(await readFile(path.join(root, "package-lock.json"), "utf8")).not.toContain('"resolved"');
  });
});
