/**
 * The file in which lens keeps what it stores: a line that says what it is and of which version, then frames
 * `signal (1) | length (4) | CRC-32 (4) | zstd`, and an empty one as the end. All of it is checked before any is used.
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** An export request of one signal. */
export interface Frame {
  readonly signal: "traces" | "logs";
  readonly request: Buffer;
}

/** Another version is not read: a trace that is lost can be made again. */
const FIRST_LINE = "baton lens 1\n";
const HEAD_BYTES = 9;
const SIGNALS = ["traces", "logs"] as const;
const END = 255;
/** No frame holds more; a broken one must not unpack to more memory than there is. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;
const LEVEL_1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Writes the frames to `file`, which is there whole or not at all. Returns its length in bytes. */
export async function writeFrames(file: string, frames: Iterable<Frame>): Promise<number> {
  const unfinished = `${file}.new`;
  const handle = await open(unfinished, "w", 0o600);
  let length = 0;
  try {
    const write = async (bytes: Buffer): Promise<void> => {
      length += bytes.length;
      await handle.writeFile(bytes);
    };
    await write(Buffer.from(FIRST_LINE));
    for (const { signal, request } of frames) {
      const packed = zstdCompressSync(request, LEVEL_1);
      await write(Buffer.concat([head(SIGNALS.indexOf(signal), packed), packed]));
    }
    await write(head(END, Buffer.alloc(0)));
    await handle.sync();
    await handle.close();
    await rename(unfinished, file);
    return length;
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** The frames of `file`; null when there is no such file. Throws an Error that says what is wrong with it. */
export async function readFrames(file: string): Promise<Frame[] | null> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (bytes === null) return null;
  const start = FIRST_LINE.length;
  if (bytes.subarray(0, start).toString("latin1") !== FIRST_LINE) throw new Error("it is of another version");
  const frames: Frame[] = [];
  for (let pos = start; ; ) {
    if (pos + HEAD_BYTES > bytes.length) throw new Error("it is not whole");
    const [kind, length, checksum] = [bytes[pos], bytes.readUInt32BE(pos + 1), bytes.readUInt32BE(pos + 5)];
    const packed = bytes.subarray(pos + HEAD_BYTES, pos + HEAD_BYTES + length);
    if (packed.length < length || crc32(packed) !== checksum) throw new Error("it is broken");
    if (kind === END) return frames;
    const signal = SIGNALS[kind ?? END];
    if (!signal) throw new Error("it is broken");
    frames.push({ signal, request: zstdDecompressSync(packed, { maxOutputLength: MAX_FRAME_BYTES }) });
    pos += HEAD_BYTES + length;
  }
}

function head(kind: number, packed: Buffer): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes[0] = kind;
  bytes.writeUInt32BE(packed.length, 1);
  bytes.writeUInt32BE(crc32(packed), 5);
  return bytes;
}
