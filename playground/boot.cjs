/**
 * The first file that runs, under any Node from 16 on. It installs the packages if need be, then runs playground/cli.ts
 * with the same arguments under the pinned Node 24. Plain JavaScript without dependencies, because an old Node must
 * understand it and there may be no package yet.
 */
"use strict";
const path = require("node:path");
const fs = require("node:fs");
const { spawn } = require("node:child_process");
const { constants, homedir } = require("node:os");
const { isBetter, pinnedNode, pinnedVersion } = require("./boot/packages.cjs");
const { install } = require("./boot/install.cjs");
const { firstLook } = require("./boot/first-look.cjs");
const { refusal } = require("./boot/system.cjs");

const root = path.dirname(__dirname);
const startedAt = Math.round(Date.now() - process.uptime() * 1000);
const state = process.env.BATON_STATE_DIR
  ? path.resolve(process.env.BATON_STATE_DIR)
  : path.join(root, ".baton");

/** Path of a Node 24: the pinned one, or the running one where that is better. Throws when there is neither. */
function node24() {
  const pinned = pinnedNode(root);
  if (isBetter(process.versions.node, pinnedVersion(root))) return process.execPath;
  if (pinned && fs.existsSync(pinned)) return pinned;
  if (process.versions.node.startsWith("24.")) return process.execPath;
  throw new Error(
    `Baton runs on Node 24; this is ${process.version}, and npm has no Node 24 package for ${process.platform}-${process.arch}. ` +
      "Install Node 24 and try again.",
  );
}

/** Path of a Node that reads TypeScript, for use before the packages are installed; null when there is none. */
function anyNode() {
  const pinned = pinnedNode(root);
  if (pinned && fs.existsSync(pinned)) return pinned;
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 18) ? process.execPath : null;
}

/** Folder for compiled code: in the user's cache, which outlives the state folder. */
function compileCache() {
  const { XDG_CACHE_HOME: base = "" } = process.env;
  const cache = path.isAbsolute(base) ? base : path.join(process.env.HOME || homedir(), ".cache");
  return path.join(cache, "baton", "compile-cache");
}

/** Addresses of this machine, as `NO_PROXY` lists them. */
const OURS = ["127.0.0.1", "localhost", "::1", "[::1]"];

/**
 * With `NODE_USE_ENV_PROXY=1` Node sends every request through the proxy of the environment, ours to this machine as
 * well, and the proxy's 127.0.0.1 is another machine. Node reads both names, the lower case first.
 */
function aroundProxy(env) {
  const listed = (env.no_proxy || env.NO_PROXY || "").split(",").filter((entry) => entry.trim() !== "");
  if (listed.some((entry) => entry.trim() === "*")) return {};
  const all = listed.concat(OURS.filter((address) => !listed.includes(address))).join(",");
  return { NO_PROXY: all, no_proxy: all };
}

/**
 * Runs the command line under `node` until it ends, and ends with its exit status. Descriptor 3 is a pipe without any
 * data: when it closes, the command line knows that this process is gone, even after a SIGKILL.
 */
function handOver(node, times) {
  const env = Object.assign({}, process.env, aroundProxy(process.env), {
    BATON_BOOT_PIPE: "3",
    BATON_TIMES: JSON.stringify(times),
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE || compileCache(),
  });
  // The runner lives as long as its playground, so the young generation of its heap is kept small.
  const args = ["--max-semi-space-size=1", path.join(__dirname, "cli.ts")];
  const child = spawn(node, args.concat(process.argv.slice(2)), {
    env,
    stdio: ["inherit", "inherit", "inherit", "pipe"],
  });
  // A Ctrl-C in a terminal reaches the whole process group, the child included: it is not sent twice.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
  endWithNpm();
  child.on("error", (error) => fail(error));
  child.on("exit", (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}

/** `kill -9` of npm leaves its script running. So this process ends when the npm that started it is gone. */
function endWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || process.exit(1), 500).unref();
}

function fail(error) {
  process.stderr.write(`baton: ${error.message}\n`);
  process.exit(1);
}

/** `npm run doctor` changes nothing: it installs no packages, and runs under the Node that is there. */
function doctor() {
  const node = anyNode();
  // No compile cache either: writing it would be a change.
  process.env.NODE_DISABLE_COMPILE_CACHE = "1";
  if (node) return handOver(node, { startedAt, packagesMs: 0 });
  process.exitCode = firstLook(root) ? 0 : 1;
}

const refused = refusal(process.platform);
if (refused) {
  process.stderr.write(`${refused}\n`);
  // As for any environment in which nothing can be started: see playground/exit.ts.
  process.exitCode = 2;
} else if (process.argv[2] === "doctor") doctor();
else {
  install(root, state)
    .then((installedMs) => handOver(node24(), { startedAt, packagesMs: installedMs }))
    .catch(fail);
}
