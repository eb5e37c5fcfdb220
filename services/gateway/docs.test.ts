import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Door, openDoor } from "./shop.fixture.ts";

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

const ask = async (url: string) => {
  const response = await fetch(new URL(url, door.url));
  return { status: response.status, headers: response.headers, text: await response.text() };
};

test("the root leads to the document, the page and both versions", async () => {
  const root = JSON.parse((await ask("/")).text) as {
    documentation: string;
    openapi: string;
    versions: { version: string; url: string; accept: string }[];
  };
  expect((await ask(root.documentation)).headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(JSON.parse((await ask(root.openapi)).text)).toMatchObject({ openapi: "3.1.0" });
  expect(root.versions).toEqual([
    { version: "v1", url: "/api/v1", accept: "application/vnd.baton.v1+json" },
    { version: "v2", url: "/api/v2", accept: "application/vnd.baton.v2+json" },
  ]);
});

test("the page and all that it loads comes from here, under a policy that lets nothing else in", async () => {
  const { text, headers } = await ask("/docs");
  const loaded = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
  expect(loaded).toHaveLength(4);
  for (const file of loaded) {
    const answer = await ask(new URL(file, `${door.url}/docs`).pathname);
    expect(answer.status, file).toBe(200);
    expect(answer.text.length, file).toBeGreaterThan(10);
    expect(answer.headers.get("x-content-type-options"), file).toBe("nosniff");
  }
  expect(text).not.toMatch(/<script>|<style|\sstyle=|\son\w+=|https?:/);
  expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self'; /);
  expect(headers.get("content-security-policy")).not.toContain("unsafe");
});

test("nothing else of the package or the disk is served", async () => {
  for (const file of ["index.html", "package.json", "..%2fpackage.json", "constructor", "__proto__", ""]) {
    expect((await ask(`/docs/${file}`)).status, file).toBe(404);
  }
});

test("neither the page's package nor the document's is loaded before the first request for it", async () => {
  const lazy = ["zod-openapi", "swagger-ui-dist", "[./a-z]+/openapi(-\\w+)?\\.ts"];
  const files = (await readdir(import.meta.dirname, { recursive: true })).filter((file) =>
    /^(?!.*\.(test|fixture)\.).*\.ts$/.test(file),
  );
  const early = files.filter((file) => !path.basename(file).startsWith("openapi"));
  expect(files.length - early.length).toBeGreaterThan(1);
  for (const file of early) {
    const text = await readFile(path.join(import.meta.dirname, file), "utf8");
    for (const name of lazy) expect(text, file).not.toMatch(new RegExp(`from "${name}"`));
  }
});
