import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { checkFree, freePorts, portOffset, portsFor } from "./ports.ts";

describe("the ports of a playground", () => {
  const release: (() => void)[] = [];
  afterEach(() => {
    for (const free of release.splice(0)) free();
  });

  async function listener(): Promise<number> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    release.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  it("are those of the topology, each moved by the offset", () => {
    expect(portsFor(0)).toMatchObject({ gateway: 8080, lens: 4000, otlpHttp: 4318, postgres: 15432 });
    expect(portsFor(100)).toMatchObject({ gateway: 8180, lens: 4100, otlpHttp: 4418, postgres: 15532 });
  });

  it("have no offset unless one is given", () => {
    expect([portOffset(undefined), portOffset(""), portOffset("100")]).toEqual([0, 0, 100]);
  });

  it.each(["-1", "1.5", "abc", "1e3", "60000", "0x10"])("refuse the offset %s", (text) => {
    expect(() => portOffset(text)).toThrow(/BATON_PORT_OFFSET must be a whole number/);
  });

  it("are named with their holder when they are taken", async () => {
    const port = await listener();
    const check = checkFree([["gateway", port]]);
    await expect(check).rejects.toMatchObject({ code: "port_taken" });
    await expect(check).rejects.toThrow(`port ${port} (gateway) is held by process ${process.pid}`);
  });

  it("pass the check when they are free", async () => {
    await expect(checkFree(Object.entries(await freePorts()))).resolves.toBeUndefined();
  });

  it("are never handed out twice", async () => {
    const [one, two] = await Promise.all([freePorts(), freePorts()]);
    const all = [...Object.values(one), ...Object.values(two)];
    expect(new Set(all).size).toBe(all.length);
  });
});
