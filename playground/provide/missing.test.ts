import { describe, expect, it } from "vitest";
import { missingProblem } from "./missing.ts";

describe("the error for missing servers", () => {
  it("names each with its least version, and the command that installs them on each system", () => {
    const { code, message } = missingProblem(["nats", "redis"], undefined);
    expect(code).toBe("server_missing");
    expect(message).toContain("nats-server 2.9.10 or later, redis-server 7.0 or later");
    expect(message).toContain("Debian  sudo apt-get install nats-server redis-server");
    expect(message).toContain("Fedora  sudo dnf install nats-server valkey");
    expect(message).toContain("macOS   brew install nats-server redis");
    expect(message).toContain("BATON_NATS_URL, BATON_REDIS_URL");
  });

  it("gives the reason why the package manager could not help", () => {
    const cause = Object.assign(new Error("Command failed"), {
      stderr: "E: Unable to locate package nats-server\n",
    });
    expect(missingProblem(["nats"], cause).message).toContain("  E: Unable to locate package nats-server");
  });
});
