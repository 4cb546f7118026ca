// Builds what the npm package carries beside the Solidity sources: JavaScript with types in dist/, ABIs in abi/.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Where each ABI of the package is built. Of the interfaces only those that others implement. */
const ARTIFACTS = {
  Escrow: "Escrow.sol",
  SourceRegistry: "SourceRegistry.sol",
  ProviderPool: "ProviderPool.sol",
  Reputation: "Reputation.sol",
  TaskManager: "TaskManager.sol",
  AttestationVerifier: "verifiers/AttestationVerifier.sol",
  AcceptFirstVerifier: "verifiers/AcceptFirstVerifier.sol",
  IVerifier: "interfaces/IVerifier.sol",
};

for (const folder of ["dist", "abi"]) rmSync(root + folder, { recursive: true, force: true });
const { status } = spawnSync("tsc -p tsconfig.build.json", { cwd: root, shell: true, stdio: ["ignore", 2, 2] });
if (status !== 0) process.exit(status ?? 1);
mkdirSync(`${root}abi`);
for (const [name, source] of Object.entries(ARTIFACTS)) {
  const { abi } = JSON.parse(readFileSync(`${root}artifacts/contracts/${source}/${name}.json`, "utf8"));
  writeFileSync(`${root}abi/${name}.json`, `${JSON.stringify(abi, null, 2)}\n`);
}
