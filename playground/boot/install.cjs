/** Installs the packages with `npm ci`, one process at a time, with one line of progress. Understood by Node 16. */
"use strict";
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawn } = require("node:child_process");
const { isInstalled, markInstalled, missing, pinnedNode } = require("./packages.cjs");
const { lock } = require("./lock.cjs");

const OUTPUT_LIMIT = 64 * 1024;

/** Shows `what` with the seconds that it has taken so far; the returned function ends the line with a word. */
function progress(what) {
  const since = Date.now();
  const out = process.stderr;
  const seconds = () => ((Date.now() - since) / 1000).toFixed(out.isTTY ? 0 : 1);
  if (!out.isTTY) out.write(`baton: ${what} ...\n`);
  const draw = () => out.write(`\rbaton: ${what} ... ${seconds()} s`);
  const timer = out.isTTY ? setInterval(draw, 1000) : null;
  if (timer) draw();
  return (word) => {
    if (timer) clearInterval(timer);
    out.write(
      out.isTTY
        ? `\r\x1b[2Kbaton: ${what}: ${word} (${seconds()} s)\n`
        : `baton: ${what}: ${word} (${seconds()} s)\n`,
    );
  };
}

/** Program and first arguments that run npm: the npm that started us, else that of the PATH; under `node` if given. */
function npmCommand(node) {
  const script = process.env.npm_execpath;
  if (script && /\.c?js$/.test(script)) return [node || process.execPath, script];
  const found = (process.env.PATH || "")
    .split(path.delimiter)
    .map((d) => path.join(d, "npm"))
    .find((f) => fs.existsSync(f));
  if (!found) throw new Error("npm is not on the PATH; it installs the packages that Baton needs");
  const real = fs.realpathSync(found);
  return node && /\.c?js$/.test(real) ? [node, real] : [found];
}

/** npm's cache, or one of our own when the user's home cannot be written to. */
function cacheArguments(state) {
  const cache = process.env.npm_config_cache || path.join(os.homedir(), ".npm");
  try {
    fs.mkdirSync(cache, { recursive: true });
    fs.accessSync(cache, fs.constants.W_OK);
    return [];
  } catch (error) {
    const own = path.join(state, "npm-cache");
    process.stderr.write(`baton: npm's cache ${cache} cannot be written to (${error.code}): using ${own}\n`);
    return ["--cache", own];
  }
}

/** Runs `npm ci` in `root`. Rejects with npm's output if it fails. `node` is the Node that runs npm, or null. */
function npmCi(root, extra, node) {
  const [program, ...first] = npmCommand(node);
  // The tests and the type checker are development packages, which NODE_ENV=production would leave out.
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--include=dev", "--include=optional"];
  return new Promise((resolve, reject) => {
    const child = spawn(program, first.concat(args, extra), { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_LIMIT);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`npm ci failed with status ${code}:\n${output.trim()}`)),
    );
  });
}

/**
 * Installs what is missing in `root`; resolves to the milliseconds that it took, 0 when nothing was missing.
 * `state`: folder for the lock and, if need be, for npm's cache.
 */
async function install(root, state) {
  if (isInstalled(root)) return 0;
  const since = Date.now();
  const unlock = await lock(path.join(state, "install.lock"), () =>
    process.stderr.write("baton: another process is installing the packages: waiting for it\n"),
  );
  try {
    if (!isInstalled(root)) await installLocked(root, state);
  } finally {
    unlock();
  }
  return Date.now() - since;
}

async function installLocked(root, state) {
  const extra = cacheArguments(state);
  const done = progress("installing the packages, once");
  try {
    await npmCi(root, extra, null);
    const node = pinnedNode(root);
    // See forThisMachine: under an old Node npm leaves packages out. The Node that it installed adds them.
    if (missing(root) && node && fs.existsSync(node)) await npmCi(root, extra, node);
  } catch (error) {
    done("failed");
    throw error;
  }
  markInstalled(root);
  done("done");
}

module.exports = { install, npmCommand };
