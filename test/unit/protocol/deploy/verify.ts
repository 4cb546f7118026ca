import { expect } from "chai";
import type { Wallet } from "ethers";
import { getBytes, hexlify, keccak256 } from "ethers";
import { artifacts } from "hardhat";
import { createReplayChain } from "../../../../scripts/deployment/replay.js";
import { ParameterError } from "../../../../src/protocol/deploy/errors.js";
import { type ReplayChain, verifyDeployment } from "../../../../src/protocol/deploy/verify.js";
import { CONTRACT_NAMES, type ContractName, type Deployment } from "../../../../src/protocol/deployment.js";
import { DeploymentMismatchError, WrongChainError } from "../../../../src/protocol/errors.js";
import { contractsAt } from "../../../../src/protocol/protocol.js";
import {
  at,
  CHAIN,
  deployed,
  freshDeployer,
  IMPATIENCE,
  OWNER,
  providerOf,
  rpc,
  TREASURY,
} from "../../../helpers/deployment.js";

const ELSEWHERE = "0x1111111111111111111111111111111111111111";

/** Verifies as a user would, on a fresh chain of the same id. */
async function verified(deployment: Deployment, replays = true) {
  const replay = replays ? await createReplayChain(CHAIN) : undefined;
  try {
    const options = { patience: IMPATIENCE, ...(replay !== undefined && { replay: replay satisfies ReplayChain }) };
    return await verifyDeployment(deployment, providerOf(), options);
  } finally {
    await replay?.close();
  }
}

async function refusal(deployment: Deployment, replays = true): Promise<unknown> {
  return verified(deployment, replays).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Places of a contract's immutable words in its code. */
async function immutablesOf(name: string): Promise<number[]> {
  const { immutableReferences = {} } = (await artifacts.readArtifact(name)) as {
    immutableReferences?: Record<string, { start: number }[]>;
  };
  return Object.values(immutableReferences).map(([first]) => first?.start ?? 0);
}

/** Changes one byte of a contract's code on the chain while `work` runs. */
async function withSpoilt(address: string, place: number, work: (codeHash: string) => Promise<void>): Promise<void> {
  const code = String(await rpc("eth_getCode", address, "latest"));
  const bytes = getBytes(code);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  await rpc("hardhat_setCode", address, hexlify(bytes));
  try {
    await work(keccak256(bytes));
  } finally {
    await rpc("hardhat_setCode", address, code);
  }
}

describe("verifyDeployment", () => {
  let deployment: Deployment;
  let wallet: Wallet;
  let other: Deployment;

  before(async () => {
    wallet = await freshDeployer();
    const governance = { owner: wallet.address, treasury: TREASURY };
    // A nonce other than zero, so that the repetition has to begin there.
    await at(wallet).sendTransaction({ to: OWNER });
    ({ deployment } = await deployed({ signer: at(wallet), governance }));
    ({ deployment: other } = await deployed());
  });

  /** The record with changes to one contract. */
  const changed = (name: ContractName, changes: Partial<Deployment["contracts"][ContractName]>): Deployment => ({
    ...deployment,
    contracts: { ...deployment.contracts, [name]: { ...deployment.contracts[name], ...changes } },
  });
  const addressOf = (name: ContractName) => deployment.contracts[name].address;

  it("finds every byte as a repeated deployment gives it", async () => {
    expect(deployment.firstNonce).to.equal(1);
    const { contracts, replayed, changes } = await verified(deployment);
    expect(replayed).to.equal(true);
    expect(changes).to.deep.equal([]);
    expect(contracts.map(({ name }) => name)).to.deep.equal([...CONTRACT_NAMES]);
    for (const { name, codeHash, bytes } of contracts) {
      const code = String(await rpc("eth_getCode", addressOf(name as ContractName), "latest"));
      expect(codeHash).to.equal(keccak256(code));
      expect(bytes).to.equal(code.length / 2 - 1);
    }
  });

  it("does without a repetition, and says so", async () => {
    expect((await verified(deployment, false)).replayed).to.equal(false);
  });

  for (const name of CONTRACT_NAMES) {
    it(`fails when one byte of ${name} differs, even if the record has its hash`, async () => {
      await withSpoilt(addressOf(name), 1500, async (codeHash) => {
        for (const record of [deployment, changed(name, { codeHash })]) {
          const error = await refusal(record, false);
          expect(error).to.be.instanceOf(DeploymentMismatchError).and.include({ contract: name });
        }
      });
    });
  }

  for (const name of ["Escrow", "SourceRegistry", "ProviderPool", "Reputation", "TaskManager"] as const) {
    it(`fails when any immutable of ${name} differs, even if the record has its hash`, async () => {
      const places = await immutablesOf(name);
      expect(places).to.not.be.empty;
      for (const place of places) {
        await withSpoilt(addressOf(name), place + 31, async (codeHash) => {
          expect(await refusal(changed(name, { codeHash }))).to.be.instanceOf(DeploymentMismatchError);
        });
      }
    });
  }

  for (const name of CONTRACT_NAMES) {
    it(`fails when the record names another suite's ${name}, or an account`, async () => {
      const { address, codeHash } = other.contracts[name];
      for (const record of [changed(name, { address, codeHash }), changed(name, { address: ELSEWHERE })]) {
        const error = await refusal(record);
        expect(error).to.be.instanceOf(DeploymentMismatchError).and.include({ contract: name });
        expect((error as Error).message).to.contain(addressOf(name));
      }
    });
  }

  it("fails when the record is of another suite's deployer", async () => {
    expect(await refusal({ ...deployment, deployer: other.deployer })).to.be.instanceOf(DeploymentMismatchError);
    expect(await refusal({ ...deployment, firstNonce: 0 })).to.be.instanceOf(DeploymentMismatchError);
  });

  it("fails when the record has another hash, other arguments, or other parameters", async () => {
    const wrong: [contract: string, record: Deployment][] = [
      ["Exits", changed("Exits", { codeHash: `0x${"5a".repeat(32)}` })],
      ["Escrow", changed("Escrow", { codeHash: `0x${"5a".repeat(32)}` })],
      ["Escrow", changed("Escrow", { constructorArguments: other.contracts.Escrow.constructorArguments })],
      ["Reputation", { ...deployment, parameters: { ...deployment.parameters, feeScale: 2n * 10n ** 18n } }],
      ["TaskManager", { ...deployment, owner: ELSEWHERE }],
    ];
    for (const [contract, record] of wrong) {
      expect(await refusal(record))
        .to.be.instanceOf(DeploymentMismatchError)
        .and.include({ contract });
    }
    const impossible = { ...deployment, parameters: { ...deployment.parameters, feeBps: 0 } };
    expect(await refusal(impossible)).to.be.instanceOf(ParameterError);
  });

  it("fails when record and arguments agree on parameters that the chain does not have", async () => {
    // TaskManager's window is an immutable that only reading back and the repetition see.
    const windows = { ...deployment.parameters.windows, cancelNotice: 601 };
    const parameters = { ...deployment.parameters, windows };
    const { deployment: twin } = await deployed({ parameters });
    const arguments_ = twin.contracts.TaskManager.constructorArguments;
    const strip = (text: string, from: Deployment) =>
      CONTRACT_NAMES.reduce(
        (rest, name) =>
          rest.replaceAll(from.contracts[name].address.slice(2).toLowerCase(), addressOf(name).slice(2).toLowerCase()),
        text,
      ).replaceAll(OWNER.slice(2).toLowerCase(), wallet.address.slice(2).toLowerCase());
    const record = { ...changed("TaskManager", { constructorArguments: strip(arguments_, twin) }), parameters };
    for (const replays of [false, true]) {
      const error = await refusal(record, replays);
      expect(error).to.be.instanceOf(DeploymentMismatchError).and.include({ contract: "TaskManager" });
    }
  });

  it("fails on another chain", async () => {
    expect(await refusal({ ...deployment, chainId: 1071 })).to.be.instanceOf(WrongChainError);
  });

  it("tells what the owner changed since, which is no fault", async () => {
    const snapshot = await rpc("evm_snapshot");
    const { taskManager } = contractsAt(deployment, at(wallet));
    await (await taskManager.setFee(77)).wait();
    await (await taskManager.setTreasury(ELSEWHERE)).wait();
    await (await taskManager.renounceOwnership()).wait();
    const { changes } = await verified(deployment);
    expect(changes).to.deep.equal([
      { setting: "owner", deployed: wallet.address, now: `0x${"0".repeat(40)}` },
      { setting: "treasury", deployed: TREASURY, now: ELSEWHERE },
      { setting: "feeBps", deployed: "250", now: "77" },
    ]);
    await rpc("evm_revert", snapshot);
  });
});
