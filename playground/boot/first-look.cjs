/** The part of `npm run doctor` that runs under a Node too old to read TypeScript. Understood by Node 16. */
"use strict";
const fs = require("node:fs");
const { npmCommand } = require("./install.cjs");
const { isComplete, pinnedNode } = require("./packages.cjs");

const OLDEST_NODE = 16;

/** The lines, each [topic, text, true when npm start would fail because of it]. */
function look(root) {
  const pinned = pinnedNode(root);
  const lines = [];
  const major = Number(process.versions.node.split(".")[0]);
  lines.push(["node", `this is ${process.version}`, major < OLDEST_NODE]);
  if (pinned === null) {
    lines.push([
      "node 24",
      `npm has none for ${process.platform}-${process.arch}: install Node 24 yourself`,
      true,
    ]);
  } else if (!fs.existsSync(pinned)) {
    lines.push(["node 24", "will be installed with the packages; the system's own stays as it is", false]);
  }
  try {
    lines.push(["npm", npmCommand(null).join(" "), false]);
  } catch (error) {
    lines.push(["npm", error.message, true]);
  }
  if (!isComplete(root)) lines.push(["packages", "will be installed by npm ci, about 700 MB", false]);
  return lines;
}

/** Prints what can be checked without the packages; true when nothing of it would make npm start fail. */
function firstLook(root) {
  const lines = look(root);
  for (const [what, says, isProblem] of lines)
    process.stdout.write(`${isProblem ? "problem" : "ok     "}  ${what.padEnd(9)} ${says}\n`);
  const fine = lines.every(([, , isProblem]) => !isProblem);
  process.stdout.write(
    fine
      ? "\nThe other checks (servers, ports, memory) need the packages: run npm start, then npm run doctor again.\n"
      : "\nnpm start would not work: see the problems above.\n",
  );
  return fine;
}

module.exports = { firstLook };
