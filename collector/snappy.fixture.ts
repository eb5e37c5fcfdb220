/** Unpacks snappy's block format, which remote write uses (its format_description.txt). Only for tests. */
export function unpackSnappy(packed: Buffer): Buffer {
  let at = 0;
  const byte = (): number => {
    const value = packed[at++];
    if (value === undefined) throw new Error("snappy: cut off");
    return value;
  };
  const little = (bytes: number): number => {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += byte() * 2 ** (8 * i);
    return value;
  };
  let size = 0;
  for (let shift = 0, more = true; more; shift += 7) {
    const part = byte();
    size += (part & 0x7f) * 2 ** shift;
    more = part >= 0x80;
  }
  const out = Buffer.alloc(size);
  let end = 0;
  while (at < packed.length) {
    const tag = byte();
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const length = (short < 60 ? short : little(short - 59)) + 1;
      end += packed.copy(out, end, at, at + length);
      at += length;
      continue;
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const back = kind === 1 ? (tag >> 5) * 256 + byte() : little(kind === 2 ? 2 : 4);
    // Byte by byte: a copy's source may overlap its target.
    for (let i = 0; i < length; i++, end++) out[end] = out[end - back] ?? 0;
  }
  if (end !== size) throw new Error(`snappy: ${end} bytes instead of ${size}`);
  return out;
}
