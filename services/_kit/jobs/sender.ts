/** The adding side of a queue, narrowed to the jobs that its receiver knows. */
import type { JobQueue, NewJob } from "./queue.ts";

/**
 * Takes the jobs `J` and no others: a misspelt name or a wrong payload does not compile. A `JobQueue` is one; `J` is what
 * the shop's contracts say, such as `CommandFrom<"orders">`.
 */
export interface Sender<J extends NewJob> extends Pick<JobQueue, "name" | "ready"> {
  readonly add: (job: J) => Promise<void>;
}
