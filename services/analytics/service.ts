import { eventsTo } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import type { Life } from "../_kit/service/main.ts";
import { partsOf } from "../_kit/service/parts.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { serviceNamed, services } from "../topology.ts";
import { recorders } from "./record.ts";
import { analyticsStore } from "./store.ts";

const open = await partsOf(serviceNamed("analytics"), services);

export async function compose(life: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const parts = await open(life, env, { schemas: [new URL("./schema.sql", import.meta.url)] });
  const note = makeNote<Vocabulary>(life.log);

  const record = recorders({ store: analyticsStore(parts.db), fault: parts.fault, note });
  await parts.hear(checkedBy(eventsTo("analytics"), record));
  await parts.serveProbes();
}
