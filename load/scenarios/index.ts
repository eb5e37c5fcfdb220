/** All scenarios. A new one needs its own file and a line here; its weight is its share of `mix`. */
import type { Scenario } from "../scenario.ts";
import checkout from "./checkout.ts";
import outOfStock from "./out-of-stock.ts";
import paymentDeclined from "./payment-declined.ts";
import paymentSlow from "./payment-slow.ts";

export const scenarios: readonly Scenario[] = [checkout, paymentDeclined, outOfStock, paymentSlow];
