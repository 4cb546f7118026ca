import { expect } from "chai";
import { type BaseContract, type ContractTransactionResponse, parseEther, type Signer } from "ethers";
import { ethers, loadFixture, networkHelpers } from "../helpers/network.js";
import { observe, partiesOf } from "../helpers/observe.js";
import { deliveredTask, deployMarket, joinProvider, type Market, reservedTask } from "../helpers/suite.js";

type Call = (market: Market, caller: Signer) => Promise<ContractTransactionResponse>;

const options = { gasLimit: 500_000 };

/** Every function that only one other contract may call, with arguments that would hurt someone. */
const FOR_TASK_MANAGER: Record<string, [contract: "escrow" | "providerPool" | "reputation", call: Call]> = {
  "Escrow.hold": ["escrow", ({ escrow, client }, caller) => escrow.connect(caller).hold(client, 1n, options)],
  "Escrow.depositAndHold": [
    "escrow",
    ({ escrow, client }, caller) => escrow.connect(caller).depositAndHold(client, { ...options, value: 1n }),
  ],
  "Escrow.settle": [
    "escrow",
    ({ escrow, client }, caller) => escrow.connect(caller).settle(client, 1n, caller, 1n, caller, 0n, 0n, options),
  ],
  "Escrow.settleBatch": [
    "escrow",
    ({ escrow, client }, caller) =>
      escrow.connect(caller).settleBatch([{ account: client, amount: 1n }], [{ account: caller, amount: 1n }], options),
  ],
  "Escrow.settleBatch with nothing": [
    "escrow",
    ({ escrow }, caller) => escrow.connect(caller).settleBatch([], [], options),
  ],
  "Escrow.settleRound": [
    "escrow",
    ({ escrow, client }, caller) =>
      escrow.connect(caller).settleRound(client, 1n, [{ account: caller, amount: 1n }], 0n, options),
  ],
  "Escrow.collectFees": [
    "escrow",
    ({ escrow, client }, caller) => escrow.connect(caller).collectFees([client], caller, options),
  ],
  "ProviderPool.engage": [
    "providerPool",
    ({ providerPool, agent }, caller) => providerPool.connect(caller).engage(1, agent, 1, 1, 0, 1n, true, options),
  ],
  "ProviderPool.reserve": [
    "providerPool",
    ({ providerPool, agent }, caller) => providerPool.connect(caller).reserve(1, agent, 1, 1, 0, 1n, options),
  ],
  "ProviderPool.fulfil": [
    "providerPool",
    ({ providerPool, agent }, caller) => providerPool.connect(caller).fulfil(1, agent, 1, true, options),
  ],
  "ProviderPool.vacate": [
    "providerPool",
    ({ providerPool }, caller) => providerPool.connect(caller).vacate(1, 1, options),
  ],
  "ProviderPool.open": [
    "providerPool",
    ({ providerPool }, caller) => providerPool.connect(caller).open(1, parseEther("1"), 1n, 1n, options),
  ],
  "ProviderPool.openRound": [
    "providerPool",
    ({ providerPool }, caller) => providerPool.connect(caller).openRound(1, parseEther("1"), 1n, 1n, 0, options),
  ],
  "ProviderPool.enlist": [
    "providerPool",
    ({ providerPool, agent }, caller) => providerPool.connect(caller).enlist(1, agent, 1, 1, 0, 1n, 2n ** 40n, options),
  ],
  "ProviderPool.reopen": [
    "providerPool",
    ({ providerPool }, caller) => providerPool.connect(caller).reopen(1, parseEther("1"), options),
  ],
  "ProviderPool.close": [
    "providerPool",
    ({ providerPool }, caller) => providerPool.connect(caller).close(1, 1, options),
  ],
  "ProviderPool.release": [
    "providerPool",
    ({ providerPool }, caller) => providerPool.connect(caller).release(1, 1n, options),
  ],
  "ProviderPool.slash": [
    "providerPool",
    ({ providerPool }, caller) => providerPool.connect(caller).slash(1, 0n, 1n, options),
  ],
  "ProviderPool.jail": [
    "providerPool",
    ({ providerPool }, caller) => providerPool.connect(caller).jail(1, 4_000_000_000n, options),
  ],
  "Reputation.recordSettlement": [
    "reputation",
    ({ reputation, client }, caller) =>
      reputation.connect(caller).recordSettlement(1, client, parseEther("1"), parseEther("1"), options),
  ],
  "Reputation.recordSettlements": [
    "reputation",
    ({ reputation, client }, caller) =>
      reputation.connect(caller).recordSettlements(1, [{ client, fee: parseEther("1") }], 1, parseEther("1"), options),
  ],
  "Reputation.recordFault": [
    "reputation",
    ({ reputation }, caller) => reputation.connect(caller).recordFault(1, options),
  ],
  "Reputation.recordFraud": [
    "reputation",
    ({ reputation }, caller) => reputation.connect(caller).recordFraud(1, options),
  ],
};

const FOR_PROVIDER_POOL: typeof FOR_TASK_MANAGER = {
  "Escrow.collectStake": [
    "escrow",
    ({ escrow, client }, caller) => escrow.connect(caller).collectStake(client, 1n, options),
  ],
};

/** A contract of the suite as a caller. */
async function speakAs(contract: BaseContract): Promise<Signer> {
  const address = await contract.getAddress();
  await networkHelpers.setBalance(address, parseEther("1"));
  return ethers.getImpersonatedSigner(address);
}

/** Everyone but the one that may call, and the contracts of the suite but that one. */
async function deployIntruders() {
  const market = await deployMarket();
  const { deployer, owner, treasury, publisher, client, providerOwner, agent, stranger } = market;
  // With no seats, a round needs two members.
  await joinProvider(market, deployer);
  const { taskId } = await deliveredTask(market);
  const reserved = await reservedTask(market);
  const parts = {
    TaskManager: await speakAs(market.taskManager),
    ProviderPool: await speakAs(market.providerPool),
    Escrow: await speakAs(market.escrow),
    SourceRegistry: await speakAs(market.sourceRegistry),
    Reputation: await speakAs(market.reputation),
  };
  const people = { deployer, owner, treasury, publisher, client, providerOwner, agent, stranger };
  const scope = { taskIds: [taskId, reserved.taskId], accounts: await partiesOf(market), providers: [1n] };
  return { ...market, parts, people, scope };
}

describe("adversary: direct calls of what only another contract may call", () => {
  for (const [rightful, calls] of [
    ["TaskManager", FOR_TASK_MANAGER],
    ["ProviderPool", FOR_PROVIDER_POOL],
  ] as const) {
    for (const [name, [contract, call]] of Object.entries(calls)) {
      it(`${name}: nobody but ${rightful}`, async () => {
        const market = await loadFixture(deployIntruders);
        const others = Object.entries(market.parts).filter(([part]) => part !== rightful);
        const before = await observe(market, market.scope, "pending");
        for (const [who, caller] of [...Object.entries(market.people), ...others]) {
          await expect(call(market, caller), who)
            .to.be.revertedWithCustomError(market[contract], "NotAuthorised")
            .withArgs(caller);
        }
        // The price of a running task may not climb while it is held, so nothing at all has changed.
        expect(await observe(market, market.scope)).to.deep.equal(before);
        await call(market, market.parts[rightful]);
      });
    }
  }

  it("nothing else in the three contracts is restricted to another contract, and nothing is forgotten here", async () => {
    const { escrow, providerPool, reputation } = await loadFixture(deployIntruders);
    const open = new Set([
      ...["deposit", "depositFor", "withdraw", "withdrawTo", "transfer"],
      ...["register", "transferOwnership", "acceptOwnership", "setPayout", "rotateKey", "setAgent"],
      ...["stake", "unbond", "cancelUnbonding", "claim", "approveSource", "joinPool", "leavePool"],
    ]);
    const restricted = Object.entries({ Escrow: escrow, ProviderPool: providerPool, Reputation: reputation }).flatMap(
      ([name, contract]) => {
        const names: string[] = [];
        (contract as BaseContract).interface.forEachFunction((fragment) => {
          if (!fragment.constant && !open.has(fragment.name)) names.push(`${name}.${fragment.name}`);
        });
        return names;
      },
    );
    const tested = [...Object.keys(FOR_TASK_MANAGER), ...Object.keys(FOR_PROVIDER_POOL)];
    expect(restricted).to.have.members(tested.filter((name) => !name.includes(" ")));
  });
});
