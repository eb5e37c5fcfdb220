/** Sends requests to a gateway and reads its answers. */
import type { Door } from "./shop.fixture.ts";

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON may come; the expectations say what it must be
  readonly body: any;
}

export const accepting = (accept: string): RequestInit => ({ headers: { accept } });

export type Asker = ReturnType<typeof asker>;

export function asker({ url }: Door) {
  const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    const body: unknown = text.startsWith("{") && !text.includes("\n") ? JSON.parse(text) : text;
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      headers: response.headers,
      body,
    };
  };
  const send = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
    ask(path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  return { ask, send };
}
