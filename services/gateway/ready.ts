import { AppError } from "../_kit/process/errors.ts";

/**
 * Ready when a checkout can go all the way: each service answers that it is ready. `urls`: by service name. Fails with
 * `unavailable`, naming the services that are not ready. A slow service is waited for `timeoutMs`, which is less than
 * the 3 s of a health check.
 */
export function makeReady(urls: Readonly<Record<string, string>>, timeoutMs = 2_500) {
  return async (): Promise<void> => {
    const asked = Object.entries(urls).map(async ([name, url]) => {
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(timeoutMs) }).catch(
        () => undefined,
      );
      await answer?.body?.cancel();
      return answer?.ok === true ? undefined : name;
    });
    const missing = (await Promise.all(asked)).filter((name) => name !== undefined);
    if (missing.length > 0) throw new AppError("unavailable", `not ready: ${missing.join(", ")}`);
  };
}
