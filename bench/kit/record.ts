/** A benchmark's outcome as JSON. The next run is compared with the recorded one. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

export const spreadSchema = z.object({
  median: z.number(),
  least: z.number(),
  most: z.number(),
  values: z.array(z.number()).min(1).readonly(),
});

export const machineSchema = z.object({
  cores: z.number(),
  cpu: z.string(),
  memoryGb: z.number(),
  os: z.string(),
  node: z.string(),
  loadBefore: z.number(),
});

const row = z.array(z.string()).readonly();
const table = z.object({ title: z.string(), columns: row, rows: z.array(row).readonly() });

const schema = z.object({
  bench: z.string(),
  /** When it ended, ISO 8601. */
  at: z.iso.datetime(),
  machine: machineSchema,
  rounds: z.number().int().positive(),
  quick: z.boolean(),
  /** How long all rounds took. */
  tookSeconds: z.number(),
  figures: z.record(z.string(), spreadSchema),
  tables: z.array(table).readonly(),
});

/** One run of one benchmark. */
export type BenchRecord = Readonly<z.infer<typeof schema>>;

const fileOf = (folder: string, bench: string): string => path.join(folder, `${bench}.json`);

/** Throws when `text` is no record. */
export const parseRecord = (text: string): BenchRecord => schema.parse(JSON.parse(text));

/** The recorded run of `bench` in `folder`; null when there is none. Throws when it cannot be read. */
export async function readRecord(folder: string, bench: string): Promise<BenchRecord | null> {
  const text = await readFile(fileOf(folder, bench), "utf8").catch((error) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? null : parseRecord(text);
}

export const recordText = (record: BenchRecord | readonly BenchRecord[]): string =>
  `${JSON.stringify(record, null, 2)}\n`;

/** Replaces the last record of the benchmark by `record`. */
export async function writeRecord(folder: string, record: BenchRecord): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(fileOf(folder, record.bench), recordText(record));
}
