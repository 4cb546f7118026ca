/** Measures gas and sizes and writes them into snapshots/gas.json. */
import { spawnSync } from "node:child_process";

const { status } = spawnSync("hardhat test mocha --no-compile test/gas/snapshot.ts", {
  shell: true,
  stdio: "inherit",
  env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: "true", UPDATE_SNAPSHOTS: "1" },
});
process.exitCode = status ?? 1;
