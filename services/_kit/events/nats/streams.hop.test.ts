/** The streams as the services make them: several services at once, on a server that may have other users too. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { uniqueName } from "../../../../tests/fixtures.ts";
import { connectNats, type Nats } from "../../nats/connection.ts";
import { ensureStream, type JetStream, jetstreamOn } from "./streams.ts";

let connections: Nats[];
let clients: JetStream[];
beforeAll(async () => {
  connections = await Promise.all(
    Array.from({ length: 8 }, () => connectNats(inject("natsUrl"), "streams-test")),
  );
  clients = await Promise.all(connections.map(jetstreamOn));
});
afterAll(() => Promise.all(connections.map((client) => client.close())));

const manager = () => (clients[0] as JetStream).manager;

test("services that start at once make a stream together, each time", async () => {
  // Some rounds out of a thousand meet the server's race, so there are many.
  for (let round = 0; round < 400; round++) {
    const name = uniqueName("Together");
    const config = { name, subjects: [`${name}.>`] };
    await Promise.all(clients.map((client) => ensureStream(client.manager, config)));
    expect(await manager().streams.delete(name)).toBe(true);
  }
});

test("subjects of another stream are refused, and no stream is made", async () => {
  const taken = uniqueName("Theirs");
  await ensureStream(manager(), { name: taken, subjects: [`${taken}.>`] });
  const ours = uniqueName("Ours");
  await expect(ensureStream(manager(), { name: ours, subjects: [`${taken}.events`] })).rejects.toThrow(
    "subjects overlap with an existing stream",
  );
  await expect(manager().streams.info(ours)).rejects.toThrow("stream not found");
  await manager().streams.delete(taken);
});

test("a stream with the same name and other settings is refused, and not changed", async () => {
  const name = uniqueName("Settled");
  await ensureStream(manager(), { name, subjects: [`${name}.>`] });
  await expect(ensureStream(manager(), { name, subjects: [`${name}.a`] })).rejects.toThrow(
    "stream name already in use",
  );
  expect((await manager().streams.info(name)).config.subjects).toEqual([`${name}.>`]);
  await manager().streams.delete(name);
});
