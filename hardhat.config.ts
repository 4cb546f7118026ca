import { createRequire } from "node:module";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";
import type { HttpNetworkUserConfig } from "hardhat/types/config";
import { NETWORKS, type NetworkPreset } from "./src/protocol/deploy/networks.js";

const require = createRequire(import.meta.url);

/**
 * The compiler is the `solc` package itself, so a build needs nothing but the npm registry. `paris` keeps
 * PUSH0, MCOPY and transient storage out of the bytecode: the OpenGPU chain is not known to have them.
 */
const compiler = (runs: number) => ({
  version: "0.8.30",
  path: require.resolve("solc/soljson.js"),
  settings: {
    evmVersion: "paris",
    viaIR: true,
    optimizer: { enabled: true, runs },
    metadata: { bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["storageLayout"] } },
  },
});

/** Everything is optimised for calls, but TaskManager, which must fit the size limit, also for size. */
const solidity = {
  compilers: [compiler(1_000_000)],
  overrides: { "contracts/TaskManager.sol": compiler(200) },
};

/** Hardhat's simulated chain under the oldest rules the protocol must run on. */
const local = { type: "edr-simulated", chainType: "l1", chainId: 31337, hardfork: "london" } as const;

/**
 * A chain behind a node. The key comes from the environment variable OPENGPU_DEPLOYER_KEY or from Hardhat's keystore,
 * and so does the node's address if it is to be another one than the public node's. Without a key, chains are only read.
 */
const remote = (preset?: NetworkPreset): HttpNetworkUserConfig => ({
  type: "http",
  ...(preset !== undefined && { chainId: Number(preset.chainId) }),
  url: configVariable("OPENGPU_RPC_URL", preset === undefined ? {} : { default: preset.url }),
  accounts: [configVariable("OPENGPU_DEPLOYER_KEY", { default: "" })],
});

/** What Hardhat needs to know of a chain to publish sources on its explorer, which has Blockscout's interface. */
const chain = (name: string, { explorer = "" }: NetworkPreset) => ({
  name,
  blockExplorers: { blockscout: { name, url: explorer, apiUrl: `${explorer}/api` } },
});

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: {
    // What is tested must be what is deployed, so production has no settings of its own.
    profiles: { default: solidity, production: solidity },
    splitTestsCompilation: true,
  },
  networks: {
    default: local,
    hardhat: local,
    local: remote(NETWORKS.local),
    opengpu: remote(NETWORKS.opengpu),
    opengpuTestnet: remote(NETWORKS.opengpuTestnet),
    custom: remote(),
  },
  chainDescriptors: {
    [Number(NETWORKS.opengpu.chainId)]: chain("OpenGPU", NETWORKS.opengpu),
    [Number(NETWORKS.opengpuTestnet.chainId)]: chain("OpenGPU testnet", NETWORKS.opengpuTestnet),
  },
  verify: { etherscan: { enabled: false }, sourcify: { enabled: false } },
  // What mocks do with the gas they find must stay what it is.
  coverage: { skipFiles: ["contracts/mocks/**"] },
  typechain: { outDir: "typechain-types" },
  paths: { tests: { mocha: "test", solidity: "test/invariant" } },
  test: {
    mocha: { timeout: 120_000, parallel: true, jobs: 2 },
    solidity: {
      // Fixed, so that a failure comes again; another one by the environment variable FUZZ_SEED, 32 bytes in hex.
      fuzz: { runs: 800, seed: process.env["FUZZ_SEED"] ?? `0x${"5eed".repeat(16)}` },
      invariant: { runs: 32, depth: 64, failOnRevert: true },
    },
  },
});
