import { connect } from "node:net";

const CONNECT_WITHIN_MS = 5_000;

/** True when something takes TCP connections at `host`:`port`. */
export function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_WITHIN_MS });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    for (const event of ["error", "timeout"] as const) socket.once(event, () => end(false));
  });
}
