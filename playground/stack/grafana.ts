/** Grafana as a local program, where one is installed: with compose's provisioning, and without login. */
import { access } from "node:fs/promises";
import path from "node:path";
import { serverEnv } from "../provide/server.ts";
import type { StackPart } from "./part.ts";
import type { StackPorts } from "./ports.ts";

/** Where packages put the program's pages and defaults. */
const HOMES = [
  "/usr/share/grafana",
  "/opt/homebrew/opt/grafana/share/grafana",
  "/usr/local/opt/grafana/share/grafana",
];

/** The first of Grafana's usual home folders that is there; undefined without any. */
async function homeFolder(program: string): Promise<string | undefined> {
  // The archive from its vendor is a folder with bin/ and conf/.
  for (const home of [path.dirname(path.dirname(program)), ...HOMES]) {
    const isHome = await access(path.join(home, "conf", "defaults.ini")).then(
      () => true,
      () => false,
    );
    if (isHome) return home;
  }
  return undefined;
}

/** Grafana, run from `file`; undefined when its home folder cannot be found. */
export async function grafanaPart(
  file: string,
  input: {
    readonly root: string;
    readonly dir: string;
    readonly lensPort: number;
    readonly stack: StackPorts;
  },
): Promise<StackPart | undefined> {
  const { root, dir, lensPort, stack } = input;
  const home = await homeFolder(file);
  if (!home) return undefined;
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  const data = path.join(dir, "stack", "grafana");
  const provisioning = path.join(root, "dashboards", "provisioning", "grafana");
  return {
    port: stack.grafana,
    ready: `${url(stack.grafana)}/api/health`,
    spec: {
      name: "grafana",
      command: file,
      args: ["server", `--homepath=${home}`],
      env: {
        ...serverEnv(),
        BATON_PROMETHEUS_URL: url(stack.prometheus),
        BATON_JAEGER_URL: url(stack.jaeger),
        BATON_LENS_PUBLIC_URL: url(lensPort),
        // There is no Loki here: its panels and links say so when they are used.
        BATON_LOKI_URL: url(3100),
        GF_SERVER_HTTP_ADDR: "127.0.0.1",
        GF_SERVER_HTTP_PORT: String(stack.grafana),
        GF_PATHS_DATA: data,
        GF_PATHS_LOGS: data,
        GF_PATHS_PROVISIONING: provisioning,
        GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: path.join(provisioning, "dashboards", "overview.json"),
        GF_AUTH_ANONYMOUS_ENABLED: "true",
        GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer",
        GF_AUTH_DISABLE_LOGIN_FORM: "true",
        GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true",
        GF_USERS_VIEWERS_CAN_EDIT: "true",
        GF_PLUGINS_PREINSTALL_DISABLED: "true",
        GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false",
        GF_ANALYTICS_REPORTING_ENABLED: "false",
        GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
        GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
        GF_NEWS_NEWS_FEED_ENABLED: "false",
      },
      cwd: dir,
      logFile: path.join(dir, "logs", "grafana.log"),
      stopWithinMs: 1_000,
    },
  };
}
