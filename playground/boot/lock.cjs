/** A lock between processes: a file that its holder keeps touching. Understood by Node 16. */
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const TOUCH_MS = 2_000;
/** Without a touch for this long the holder counts as dead, even if its process id is in use again. */
const STALE_MS = 60_000;
const LOOK_AGAIN_MS = 250;

/** True when the process that wrote the lock no longer runs. Another user's process counts as running. */
function holderIsGone(file) {
  const pid = Number.parseInt(fs.readFileSync(file, "utf8"), 10);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** True when this process took the lock. The lock of a dead holder is removed, for the next try. */
function tryTake(file) {
  try {
    fs.writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    if (Date.now() - fs.statSync(file).mtimeMs > STALE_MS || holderIsGone(file)) fs.unlinkSync(file);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  return false;
}

/**
 * Waits for the lock `file` and returns the function that releases it. `onWait` is called once when another process
 * holds it.
 */
async function lock(file, onWait) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (let first = true; !tryTake(file); first = false) {
    if (first) onWait();
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  const touch = setInterval(() => fs.utimes(file, new Date(), new Date(), () => {}), TOUCH_MS);
  return () => {
    clearInterval(touch);
    fs.rmSync(file, { force: true });
  };
}

module.exports = { lock };
