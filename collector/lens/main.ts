/** Entry: lens as a process of its own, for the playground or alone for any application. */
import { pino } from "pino";
import { readConfig } from "./config.ts";
import { startLens } from "./server.ts";

const log = pino({ name: "lens" });

try {
  const lens = await startLens(readConfig(process.env), log);
  log.info({ url: lens.url, otlpHttpUrl: lens.otlpHttpUrl, otlpGrpcUrl: lens.otlpGrpcUrl }, "lens listens");
  const stop = (signal: NodeJS.Signals): void => {
    lens.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error, signal }, "lens did not stop in order");
        process.exit(1);
      },
    );
  };
  lens.failed.catch((error: unknown) => {
    log.fatal({ err: error }, "a part of lens has ended");
    process.exit(1);
  });
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
} catch (error) {
  log.fatal(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
