import { expect, test } from "vitest";
import { invocation, k6Environment, type LoadRun } from "./k6-run.ts";

const load: LoadRun = {
  scenario: "mix",
  profile: "steady",
  fault: "",
  gateway: "http://127.0.0.1:8080",
  lens: "http://127.0.0.1:4000",
  jaeger: "",
  collector: "",
  pagePort: 0,
};
const program = { kind: "program", file: "/bin/k6" } as const;
const image = { kind: "image", image: "grafana/k6:2.2.0" } as const;

test("k6 gets the script, prints failures as plain lines, and shows progress only on a terminal", () => {
  const quiet = invocation(program, load, "/baton", false);
  expect([quiet.command, ...quiet.args].join(" ")).toBe(
    "/bin/k6 run --log-format raw --quiet /baton/load/k6.ts",
  );
  expect(invocation(program, load, "/baton", true).args).not.toContain("--quiet");
});

test("metrics are sent only when there is a Collector, and the page is served only when it has a port", () => {
  const bare = k6Environment(load);
  expect(Object.keys(bare).filter((name) => /OTEL|DASHBOARD/.test(name))).toEqual([]);
  const full = { ...load, collector: "127.0.0.1:4317", pagePort: 5665 };
  expect(invocation(program, full, "/baton", false).args.join(" ")).toContain("--out opentelemetry");
  expect(k6Environment(full)).toMatchObject({
    K6_OTEL_GRPC_EXPORTER_ENDPOINT: "127.0.0.1:4317",
    K6_OTEL_GRPC_EXPORTER_INSECURE: "true",
    K6_WEB_DASHBOARD_HOST: "127.0.0.1",
    K6_WEB_DASHBOARD_PORT: "5665",
  });
});

test("k6 sends no usage report and looks for no extensions on the internet", () => {
  expect(k6Environment(load)).toMatchObject({
    K6_NO_USAGE_REPORT: "true",
    K6_AUTO_EXTENSION_RESOLUTION: "false",
  });
});

test("on Linux the image shares the host's network and gets the same environment as the program", () => {
  const { command, args, env } = invocation(image, load, "/baton", false, "linux");
  expect(command).toBe("docker");
  expect(args.join(" ")).toMatch(
    /^run --rm --network host --volume \/baton\/load:\/load:ro .*grafana\/k6:2\.2\.0 run /,
  );
  expect(args.at(-1)).toBe("/load/k6.ts");
  for (const name of Object.keys(env)) expect(args.join(" ")).toContain(`--env ${name} `);
  expect(env).toEqual(k6Environment(load));
});

test("elsewhere the image reaches the host by Docker's name for it; addresses that are only printed stay", () => {
  const { args, env } = invocation(image, { ...load, pagePort: 5665 }, "/baton", false, "darwin");
  expect(args.join(" ")).toContain("--add-host host.docker.internal:host-gateway");
  expect(env).toMatchObject({
    BATON_GATEWAY_URL: "http://host.docker.internal:8080",
    BATON_LENS_URL: "http://127.0.0.1:4000",
  });
  expect(env).not.toHaveProperty("K6_WEB_DASHBOARD");
});
