import { eventsTo } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { fileMailer } from "../_kit/mail/mail.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import type { Life } from "../_kit/service/main.ts";
import { partsOf } from "../_kit/service/parts.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { serviceNamed, services } from "../topology.ts";
import { EMAIL_JOBS } from "./letters.ts";
import { emailRequests } from "./queue-email.ts";
import { emailJobs } from "./send-email.ts";
import { emailStore } from "./store.ts";

const open = await partsOf(serviceNamed("notifications"), services);

export async function compose(life: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const parts = await open(life, env, { schemas: [new URL("./schema.sql", import.meta.url)] });
  const note = makeNote<Vocabulary>(life.log);

  const mailer = await fileMailer(parts.folder("BATON_MAIL_DIR"));
  const jobs = emailJobs({ mailer, emails: emailStore(parts.db), fault: parts.fault, note });
  const perSecond = parts.settings.BATON_MAIL_PER_SECOND;
  await parts.workOff("email", checkedBy(EMAIL_JOBS, jobs), { perSecond });
  const requests = emailRequests(parts.queue("email"), note);
  await parts.hear(checkedBy(eventsTo("notifications"), requests));
  await parts.serveProbes();
}
