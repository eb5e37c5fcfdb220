/** `npm run checkout`: sends one checkout to the running playground and shows its journey. */
import { scenarios } from "../../load/scenarios/index.ts";
import { type Answer, DEFAULT_TOKEN, newUser, type Order, sendCheckout } from "../clients/gateway.ts";
import { awaitJourney } from "../clients/lens.ts";
import { type Arguments, type Command, text, wholeNumber } from "../command.ts";
import { EXIT } from "../exit.ts";
import { playgroundHere } from "../runner/here.ts";
import { paintFor, table } from "../terminal/paint.ts";
import { reporterOn } from "../terminal/report.ts";
import { show } from "../terminal/show.ts";

/** A journey that has not grown for this long is shown, complete or not. */
const JOURNEY_STILL_MS = 20_000;

function orderFrom(args: Arguments): Order {
  return {
    userId: text(args, "user") ?? newUser(),
    items: [{ sku: text(args, "sku") ?? "teapot", quantity: wholeNumber(args, "quantity", 0) ?? 1 }],
    token: text(args, "token") ?? DEFAULT_TOKEN,
    fault: text(args, "fault") ?? "",
  };
}

/** The hops that a scenario promises for this answer; empty when no scenario has it. */
const promised = ({ httpStatus }: Answer) =>
  scenarios.find(({ expect }) => expect.httpStatus === httpStatus)?.expect.hops ?? [];

export const checkout: Command = {
  name: "checkout",
  summary: "Sends one checkout to the running playground, and shows how it went and its journey.",
  usage: "[-- --sku <sku> --quantity <n> --fault <fault> --user <id> --token <token> --brief]",
  details: [
    "  --sku        teapot (the default), mug, kettle, last-one, of which there is one, or sold-out",
    "  --quantity   1 unless given",
    "  --fault      breaks it on purpose: <service>.<point>:<kind>[(arg)], several separated by |",
    "  --user       a new one unless given",
    "  --token      the card's token",
    "  --brief      its tree in a few lines: the way to a failure, and what is healthy folded",
  ].join("\n"),
  example:
    "npm run checkout\n" +
    "npm run checkout -- --sku kettle --quantity 2\n" +
    "npm run checkout -- --fault payments.charge:declined",
  statuses: {
    [EXIT.ok]: "its journey is complete, whatever the answer was",
    [EXIT.failed]: "it is not complete after 20 s, or nothing answered",
  },
  options: {
    sku: { type: "string" },
    quantity: { type: "string" },
    fault: { type: "string" },
    user: { type: "string" },
    token: { type: "string" },
    brief: { type: "boolean" },
  },
  positionals: { least: 0, most: 0, what: "" },
  async run(args, io) {
    const order = orderFrom(args);
    const here = await playgroundHere(io);
    const answer = await sendCheckout(here.gateway, order, io.signal);
    const paint = paintFor(io.out);
    const isGood = answer.httpStatus < 300;
    io.out.write(
      `${paint(isGood ? "green" : "red", `${answer.httpStatus} ${answer.status}`)}${answer.detail ? `  ${answer.detail}` : ""}\n` +
        `${table([
          ["order", answer.orderId || "-"],
          ["correlation id", answer.correlationId],
          ["trace id", answer.traceId],
        ])}\n`,
    );
    const done = reporterOn(io.err).begin("its journey");
    const options = { signal: io.signal, stillMs: JOURNEY_STILL_MS };
    const hops = promised(answer);
    const awaited = await awaitJourney(here.lens, answer.traceId, hops, options).finally(done);
    const brief = args.values.brief === true;
    show("Its journey", awaited.found, io, { brief, ...(hops.length > 0 && { hops }) });
    io.out.write(paint("dim", `\nits log lines: npm run logs -- ${answer.correlationId}\n`));
    return awaited.complete ? EXIT.ok : EXIT.failed;
  },
};
