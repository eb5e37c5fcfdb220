import { runService } from "../_kit/main.ts";
import { compose } from "./service.ts";

await runService("inventory", compose);
