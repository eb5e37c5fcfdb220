/** A journey as the text of an answer, made in pieces: a large one takes long, and others are answered in between. */
import { journeyToJson, logToJson, placedToJson } from "../journey/json.ts";
import type { JourneySpan } from "../journey/model.ts";
import type { FoundJourney } from "../journey/stitch.ts";
import type { FoundLogs } from "./logs.ts";
import { Patience } from "./patient.ts";
import { wrongTimesOf } from "./wrong-times.ts";

/** Characters of all spans together. They come in tree order, so that what is left out leaves a whole tree. */
const MAX_CHARS = 32 * 1024 * 1024;

/** `logs`: null when none were asked for. Rejects with the signal's reason when it is aborted. */
export async function journeyText(
  { journey, others }: FoundJourney,
  logs: FoundLogs | null,
  signal: AbortSignal,
): Promise<string> {
  const { shown, text } = await spansText(journey.spans, signal);
  const { spans: _, ...rest } = journeyToJson({ ...journey, spans: [] });
  const beside = {
    others,
    spansLeftOut: journey.spans.length - shown.length + journey.leftOut.spans,
    wrongTimes: wrongTimesOf({ spans: shown }, BigInt(Date.now()) * 1_000_000n),
    ...(logs && {
      logs: logs.logs.map(logToJson),
      logsLeftOut: logs.leftOut,
      ...(logs.partial && { logsPartial: true }),
    }),
  };
  const head = JSON.stringify(rest).slice(0, -1);
  return `{"journey":${head},"spans":[${text}]},${JSON.stringify(beside).slice(1)}`;
}

async function spansText(
  spans: readonly JourneySpan[],
  signal: AbortSignal,
): Promise<{ readonly shown: readonly JourneySpan[]; readonly text: string }> {
  const patience = new Patience(Number.POSITIVE_INFINITY, signal);
  const texts: string[] = [];
  let chars = 0;
  for (const placed of spans) {
    const text = JSON.stringify(placedToJson(placed));
    chars += text.length;
    if (chars > MAX_CHARS) break;
    texts.push(text);
    await patience.pause();
  }
  return { shown: spans.slice(0, texts.length), text: texts.join(",") };
}
