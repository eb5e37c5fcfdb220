/**
 * For engine.ts: runs in the engine's network namespace and forwards each socket file of `<folder>`, named after a
 * port, to that port of the namespace's 127.0.0.1. Arguments: the folder, then the ports. Ends with its standard input.
 */
import { connect, createServer } from "node:net";
import path from "node:path";

const [folder = "", ...ports] = process.argv.slice(2);
await Promise.all(
  ports.map(
    (port) =>
      new Promise<void>((resolve, reject) => {
        const door = createServer((outside) => {
          const inside = connect(Number(port), "127.0.0.1");
          outside.pipe(inside).pipe(outside);
          outside.on("error", () => inside.destroy());
          inside.on("error", () => outside.destroy());
        });
        door.once("error", reject);
        door.listen(path.join(folder, port), resolve);
      }),
  ),
);
process.stdout.write("open\n");
process.stdin.resume().once("close", () => process.exit());
