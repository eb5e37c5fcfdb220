/**
 * The thread that writes: takes requests that were read, and saves them some times a second, or as soon as
 * much waits or the thread that answers asks. A disk that is full is tried again each second, with what could not be
 * written.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { Counts } from "../counts.ts";
import { openStore } from "../store/files.ts";
import { StoreWriter } from "../store/write/store-writer.ts";
import type { FromWriter, FromWriterToQuery, SyncAsked, ToWriter, WriteSettings } from "./messages.ts";

/** What was answered is safe this long after, or as soon as so many bytes of requests wait. */
const SAVE_AFTER_MS = 50;
const SAVE_BYTES = 1024 * 1024;
const RETRY_MS = 1_000;
/** Without requests, what is too old is looked for this often. */
const TEND_MS = 5_000;

const settings = workerData as WriteSettings;
const main = parentPort as MessagePort;
const say = (message: FromWriter): void => main.postMessage(message);
const log = (
  level: "info" | "warn" | "error",
  text: string,
  fields: Readonly<Record<string, unknown>>,
): void => say({ log: { level, text, fields } });
const answer = (message: FromWriterToQuery): void => settings.questions.postMessage(message);

const store = openStore(settings.dir, (text, fields) => log("warn", text, fields));
const writer = new StoreWriter(store, {
  limitBytes: settings.limitBytes,
  maxAgeMs: settings.maxAgeMs,
  index: settings.index,
  edges: new Set(settings.edges),
  counts: new Counts(settings.counts),
  onEvict: (evicted) => answer({ evicted }),
  onLost: ({ signal, count }, error) =>
    log("error", "a request could not be written and is lost", { signal, items: count, err: error }),
});
let timer: NodeJS.Timeout | undefined;
let isFailing = false;

function take({ batch, total }: Extract<ToWriter, { batch: unknown }>): void {
  writer.take(batch, total);
  if (writer.pendingBytes >= SAVE_BYTES && !isFailing) save();
  else timer ??= setTimeout(save, isFailing ? RETRY_MS : SAVE_AFTER_MS);
}

function save(): void {
  clearTimeout(timer);
  timer = undefined;
  const bytes = writer.pendingBytes;
  if (writer.commit()) {
    if (bytes > 0) say({ saved: bytes });
    if (isFailing) say({ failure: null });
    isFailing = false;
    return;
  }
  timer = setTimeout(save, RETRY_MS);
  if (isFailing) return;
  isFailing = true;
  const { failure } = writer;
  say({ failure: failure instanceof Error ? failure.message : String(failure) });
}

/** Saves all that was handed over before this moment, also what has not been read yet. */
function saveAll(): void {
  for (let next = receiveMessageOnPort(main); next; next = receiveMessageOnPort(main))
    onMessage(next.message);
  if (!isFailing) save();
}

function onMessage(message: ToWriter): void {
  if ("batch" in message) take(message);
  else close();
}

function close(): void {
  clearInterval(tending);
  clearTimeout(timer);
  writer.close();
  settings.questions.close();
  say({ closed: true });
  main.close();
}

const tending = setInterval(() => {
  if (writer.pendingBytes === 0) writer.tend();
}, TEND_MS);
main.on("message", onMessage);
settings.questions.on("message", ({ sync }: SyncAsked) => {
  saveAll();
  answer({ synced: sync });
});
say({ ready: { seed: store.seed, total: writer.total } });
