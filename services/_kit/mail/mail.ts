/** E-mail into a folder: nodemailer makes real messages, one file each, because a playground has no mail server. */
import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import nodemailer from "nodemailer";
import { AppError } from "../process/errors.ts";

export interface Email {
  /** Gives the Message-ID and the file's name: the same id is the same e-mail. Letters, digits, `-`, `_` and `.`. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mailer {
  /** Resolves when the e-mail is delivered. Delivering it again changes nothing. */
  send(email: Email): Promise<void>;
}

/** An id becomes a file's name, so it must not lead out of the folder or hide the file. */
const ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** Longer than writing any message takes. */
const LEFT_AFTER_MS = 60_000;

/**
 * Delivers into `folder` as `<id>.eml`. A file whose name begins with a dot is still being written. Sending fails with
 * `invalid` when the id is not a file name.
 */
export async function fileMailer(folder: string): Promise<Mailer> {
  await mkdir(folder, { recursive: true });
  await removeUnfinished(folder);
  const transport = nodemailer.createTransport({ streamTransport: true, buffer: true });
  return {
    send: async ({ id, to, subject, text }) => {
      if (!ID.test(id)) throw new AppError("invalid", "this id cannot name an e-mail");
      const from = "Baton <shop@example.test>";
      const { message } = await transport.sendMail({
        from,
        to,
        subject,
        text,
        messageId: `<${id}@example.test>`,
      });
      if (!Buffer.isBuffer(message))
        throw new Error("nodemailer gave a stream although a buffer was asked for");
      // Written under another name, then linked, so that a file with the final name always has the whole message.
      const aside = join(folder, `.${id}.${randomUUID()}`);
      await writeFile(aside, message, { flag: "wx", mode: 0o600 });
      try {
        await link(aside, join(folder, `${id}.eml`));
      } catch (err) {
        if ((err as NodeJS.ErrnoException).code !== "EEXIST") throw err;
      } finally {
        await unlink(aside);
      }
    },
  };
}

/**
 * Removes the unfinished files of a process that was killed while writing. By age, as Maildir does with its `tmp`,
 * because a replica may be writing into the same folder now.
 */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((file) => file.startsWith("."))) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => null);
    if (found && Date.now() - found.mtimeMs > LEFT_AFTER_MS) await rm(file, { force: true });
  }
}
