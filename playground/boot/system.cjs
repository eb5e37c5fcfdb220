/** Whether Baton can run on this system. The syntax is one that Node 16 understands. */
"use strict";

/**
 * The message for a system on which Baton cannot run, with what to do instead in its first line; null for any other
 * system. A POSIX shell guards each process, and nats-server and redis-server come from a system's packages: Windows
 * itself has neither. `platform` is a value of `process.platform`.
 */
function refusal(platform) {
  if (platform !== "win32") return null;
  return [
    "baton: Windows itself cannot run this; WSL2 can: type `wsl --install` in PowerShell, and `npm start` in its Ubuntu.",
    "Clone Baton into the home folder there (not below /mnt/c, where Postgres may not own its files), with Node 16 or later.",
    "Or, with Docker Desktop and nothing else: `docker compose up`.",
  ].join("\n");
}

module.exports = { refusal };
