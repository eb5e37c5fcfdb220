/**
 * Loaded into every process of the playground, by NODE_OPTIONS and before the process' own code. At SIGUSR2 it collects
 * the garbage and writes into the state folder how many bytes stay in use.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const folder = path.join(process.env.BATON_STATE_DIR ?? "", "weights");
const file = path.join(folder, `${process.pid}.json`);
let times = 0;

process.on("SIGUSR2", () => {
  setFlagsFromString("--expose_gc");
  const gc = runInNewContext("gc") as () => void;
  gc();
  // What a finalizer frees is gone only after the next collection.
  setImmediate(() => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    mkdirSync(folder, { recursive: true });
    times += 1;
    writeFileSync(`${file}.new`, JSON.stringify({ times, bytes: heapUsed + external }));
    renameSync(`${file}.new`, file);
  });
});
