/** The error for servers that are missing on this machine. */
import { Problem } from "../problem.ts";
import { minimum, type ServerName, versionText } from "./versions.ts";

const product: Readonly<Record<ServerName, string>> = {
  nats: "nats-server",
  redis: "redis-server",
  postgres: "Postgres",
};

/** Command and package names by system. */
const install: readonly {
  readonly system: string;
  readonly command: string;
  readonly packages: Readonly<Record<ServerName, string>>;
}[] = [
  {
    system: "Debian",
    command: "sudo apt-get install",
    packages: { nats: "nats-server", redis: "redis-server", postgres: "postgresql" },
  },
  {
    system: "Fedora",
    command: "sudo dnf install",
    packages: { nats: "nats-server", redis: "valkey", postgres: "postgresql-server" },
  },
  {
    system: "macOS",
    command: "brew install",
    packages: { nats: "nats-server", redis: "redis", postgres: "postgresql@18" },
  },
];

/** The last lines of the package manager's output, which hold its reason. */
function reasonOf(error: unknown): string {
  const said =
    error instanceof Error && "stderr" in error
      ? String(error.stderr)
      : error instanceof Error
        ? error.message
        : "";
  const lines = said
    .trim()
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-3);
  return lines.length === 0
    ? ""
    : `\nThis machine's package manager could not help:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** A Problem that names `servers`, how to install them, and the variables for others. `cause`: why fetching failed. */
export function missingProblem(servers: readonly ServerName[], cause: unknown): Problem {
  const names = servers
    .map((server) => `${product[server]} ${versionText(minimum[server])} or later`)
    .join(", ");
  const lines = install.map(
    ({ system, command, packages }) =>
      `  ${system.padEnd(7)} ${command} ${servers.map((s) => packages[s]).join(" ")}`,
  );
  const variables = servers.map((server) => `BATON_${server.toUpperCase()}_URL`).join(", ");
  return new Problem(
    "server_missing",
    `missing on this machine: ${names}${reasonOf(cause)}\nInstall it:\n${lines.join("\n")}\nor name a running one by ${variables}.`,
    { cause },
  );
}
