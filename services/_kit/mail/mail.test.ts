import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileMailer, type Mailer } from "./mail.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "baton-mail-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A mailer with its own folder, which it has to make. */
async function mailbox(
  name: string,
): Promise<{ mailer: Mailer; files: () => Promise<string[]>; dir: string }> {
  const dir = path.join(root, "new", name);
  return { mailer: await fileMailer(dir), files: () => readdir(dir), dir };
}

/** A message as its receiver reads it (RFC 5322): headers, an empty line, the body; soft line breaks undone. */
async function read(file: string) {
  const [head = "", ...body] = (await readFile(file, "utf8")).split("\r\n\r\n");
  const lines = head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
    }),
  );
  return { headers, body: body.join("\r\n\r\n").replaceAll("=\r\n", "") };
}

const email = {
  id: "confirmation-e-1",
  to: "ann@example.test",
  subject: "Your order o-1",
  text: "Thank you.\n",
};

test("an e-mail is one file, a whole message that a mail program can read", async () => {
  const { mailer, files, dir } = await mailbox("one");
  await mailer.send(email);
  expect(await files()).toEqual(["confirmation-e-1.eml"]);
  const { headers, body } = await read(path.join(dir, "confirmation-e-1.eml"));
  expect(Object.fromEntries(headers)).toMatchObject({
    from: "Baton <shop@example.test>",
    to: "ann@example.test",
    subject: "Your order o-1",
    "message-id": "<confirmation-e-1@example.test>",
    "content-type": expect.stringContaining("text/plain"),
  });
  expect(new Date(headers.get("date") ?? "").getTime()).not.toBeNaN();
  expect(body.trim()).toBe("Thank you.");
});

test("only its owner may read it", async () => {
  const { mailer, dir } = await mailbox("private");
  await mailer.send(email);
  expect((await stat(path.join(dir, "confirmation-e-1.eml"))).mode & 0o777).toBe(0o600);
});

test("the same id again is the same e-mail: the first one stays", async () => {
  const { mailer, files, dir } = await mailbox("again");
  await mailer.send(email);
  await mailer.send({ ...email, text: "Another text.\n" });
  expect(await files()).toEqual(["confirmation-e-1.eml"]);
  expect((await read(path.join(dir, "confirmation-e-1.eml"))).body).toContain("Thank you.");
});

test("many sends at once, by two mailers on one folder, make one whole file for each id and no other files", async () => {
  const { mailer, files, dir } = await mailbox("many");
  const other = await fileMailer(dir);
  const ids = ["a", "b", "c", "d"];
  const sends = ids.flatMap((id) => [mailer, other, mailer].map((m) => m.send({ ...email, id })));
  await Promise.all(sends);
  expect((await files()).toSorted()).toEqual(ids.map((id) => `${id}.eml`));
  for (const id of ids) expect((await read(path.join(dir, `${id}.eml`))).body.trim()).toBe("Thank you.");
});

test("an unfinished file of a killed process is removed by the next process, one being written is not", async () => {
  const { files, dir } = await mailbox("killed");
  const old = path.join(dir, ".confirmation-e-1.0b8f");
  const minutesAgo = new Date(Date.now() - 2 * 60_000);
  await writeFile(old, "From: Ba");
  await utimes(old, minutesAgo, minutesAgo);
  await writeFile(path.join(dir, ".confirmation-e-2.77aa"), "From: Ba");
  await fileMailer(dir);
  expect(await files()).toEqual([".confirmation-e-2.77aa"]);
});

test("a line break in a subject cannot make a header", async () => {
  const { mailer, dir } = await mailbox("injected");
  await mailer.send({ ...email, subject: "Hello\r\nBcc: all@example.test" });
  const { headers } = await read(path.join(dir, "confirmation-e-1.eml"));
  expect(headers.has("bcc")).toBe(false);
});

test("an id that is not a file name is refused, and nothing is written", async () => {
  const { mailer, files } = await mailbox("ids");
  for (const id of ["../escaped", "a/b", "", "..", "a\u0000b", "a b"]) {
    await expect(mailer.send({ ...email, id })).rejects.toThrow(/id/);
  }
  expect(await files()).toEqual([]);
  expect(await readdir(path.join(root, "new"))).not.toContain("escaped.eml");
});

test("a folder that cannot be written to fails the delivery", async () => {
  const { mailer, dir } = await mailbox("gone");
  await rm(dir, { recursive: true });
  await expect(mailer.send(email)).rejects.toMatchObject({ code: "ENOENT" });
});
