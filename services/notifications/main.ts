import { runService } from "../_kit/service/main.ts";
import { compose } from "./service.ts";

await runService("notifications", compose);
