// Compiles the contracts and generates their bindings; a compiler warning is an error. Nothing is done twice.
// With --with-tests it compiles the Solidity tests beside them, which take longer; who only runs the market needs none.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { generateBindings } from "./bindings.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = `${root}cache/contracts-built`;

/** Bindings of a deleted contract survive a build, so another list of contracts starts from nothing. */
const list = readdirSync(`${root}contracts`, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".sol"))
  .sort()
  .join("\n");
const wanted = createHash("sha256").update(list).digest("hex");
const clean = () => {
  for (const folder of ["artifacts", "cache", "typechain-types"]) {
    rmSync(root + folder, { recursive: true, force: true });
  }
};
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) clean();

const command = process.argv.includes("--with-tests") ? "tsx scripts/compile.ts" : "hardhat build --no-tests";
const { status, stdout } = spawnSync(command, {
  cwd: root,
  shell: true,
  env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: "true" },
  stdio: ["ignore", "pipe", "inherit"],
  encoding: "utf8",
});
// Standard output is for what runs next, `npm start -- --json` for one.
process.stderr.write(stdout);
if (status !== 0) process.exit(status ?? 1);
if (/^Warning:/m.test(stdout)) {
  console.error("The compiler warned; warnings are errors here.");
  // Else the next build would find everything compiled and say nothing.
  clean();
  process.exit(1);
}
generateBindings(root);
mkdirSync(`${root}cache`, { recursive: true });
writeFileSync(stamp, wanted);
