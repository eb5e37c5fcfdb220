/** Whether Baton runs on this system at all. Understood by Node 16. */
"use strict";

/**
 * What to say in place of starting, with the way that works in its first line; null where Baton may try. The guard of
 * each process is a POSIX shell, and nats-server and redis-server come from a system's packages: Windows itself has
 * neither. `platform`: as `process.platform` has it.
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
