// Installs the exact dependencies of the lock file, once. Runs on the Node that the user has, before anything is
// installed, and therefore is plain JavaScript without imports from packages.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const OLDEST_NODE = 20;
/** Hardhat's oldest Node; npm under an older one silently leaves out its native package. */
const HARDHAT_NODE = 22;
/** The Node that the scripts run on, from the dev dependency `node`. */
const PINNED_NODE = "24.21.0";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = `${root}node_modules/.installed-from`;
const wanted = createHash("sha256")
  .update(readFileSync(`${root}package-lock.json`))
  .update(readFileSync(`${root}package.json`))
  .update(`${process.platform} ${process.arch}`)
  .digest("hex");

const major = Number(process.versions.node.split(".")[0]);
if (major < OLDEST_NODE) {
  console.error(`Node ${process.versions.node} is too old: install Node ${OLDEST_NODE} or newer.`);
  process.exit(1);
}
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  console.log("Installing dependencies …");
  const install = "npm ci --no-audit --no-fund";
  const command = major < HARDHAT_NODE ? `npx -y -p node@${PINNED_NODE} -c "${install}"` : install;
  const { status } = spawnSync(command, { cwd: root, shell: true, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) {
    console.error(`Installing failed: \`${command}\` ended with status ${status}.`);
    process.exit(status ?? 1);
  }
  writeFileSync(stamp, wanted);
}
