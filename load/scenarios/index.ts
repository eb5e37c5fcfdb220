/** All scenarios. A new one is its own file and its line here; its weight says how much of `mix` it is. */
import type { Scenario } from "../scenario.ts";
import checkout from "./checkout.ts";
import outOfStock from "./out-of-stock.ts";
import paymentDeclined from "./payment-declined.ts";
import paymentSlow from "./payment-slow.ts";

export const scenarios: readonly Scenario[] = [checkout, paymentDeclined, outOfStock, paymentSlow];
