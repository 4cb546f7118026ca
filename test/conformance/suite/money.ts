import { expect } from "chai";
import { parseEther, Wallet, ZeroAddress } from "ethers";
import { emitted, execute, type Executed } from "../../../src/protocol/execute.js";
import { InsufficientFundsError } from "../../../src/protocol/errors.js";
import { connect } from "../../../src/protocol/protocol.js";
import { failureOf, refused } from "./expect.js";
import type { Scenario } from "./scenario.js";
import { patron, STAKE } from "./work.js";
import { type Actor, read, type World } from "./world.js";

const free = async (actor: Actor, address = actor.address): Promise<bigint> =>
  (await read(actor, (at) => actor.contracts.escrow.accountOf(address, at))).free;

/** Coin in and out of Escrow, and what senders do with their nonces. */
export const money: Scenario[] = [
  {
    title: "coin is deposited, transferred and withdrawn to the wei",
    async play(world) {
      const coin = parseEther("3");
      const [alice, bob] = await Promise.all([world.actor(world.market, coin), world.actor()]);
      const steps: Executed[] = [];
      const act = async (step: Promise<Executed>) => {
        steps.push(await step);
        return steps.at(-1) as Executed;
      };
      const deposited = await act(execute(alice, "escrow", "deposit", [], { value: STAKE }));
      expect(emitted(deposited, "escrow", "Deposited")).to.deep.equal({
        ...{ account: alice.address, from: alice.address, amount: STAKE },
      });
      const gift = await act(execute(alice, "escrow", "depositFor", [bob.address], { value: 5n }));
      expect(emitted(gift, "escrow", "Deposited")).to.deep.equal({
        ...{ account: bob.address, from: alice.address, amount: 5n },
      });
      const moved = await act(execute(alice, "escrow", "transfer", [bob.address, 300n]));
      expect(emitted(moved, "escrow", "Transferred")).to.deep.equal({
        ...{ from: alice.address, to: bob.address, amount: 300n },
      });
      expect([await free(alice), await free(alice, bob.address)]).to.deep.equal([STAKE - 300n, 305n]);
      await Promise.all([
        refused(execute(alice, "escrow", "withdraw", [STAKE]), "InsufficientBalance", {
          ...{ account: alice.address, free: STAKE - 300n, needed: STAKE },
        }),
        refused(execute(alice, "escrow", "withdraw", [0n]), "ZeroAmount", {}),
        refused(execute(alice, "escrow", "transfer", [ZeroAddress, 1n]), "ZeroAddress", {}),
        refused(execute(alice, "escrow", "withdrawTo", [alice.addresses.escrow, 1n]), "WithdrawalFailed", {
          ...{ to: alice.addresses.escrow, amount: 1n },
        }),
        refused(execute(bob, "escrow", "hold", [alice.address, 1n]), "NotAuthorised", { caller: bob.address }),
      ]);
      const purse = Wallet.createRandom().address;
      const left = await act(execute(alice, "escrow", "withdraw", [STAKE - 1000n]));
      expect(emitted(left, "escrow", "Withdrawn")).to.deep.equal({
        ...{ account: alice.address, to: alice.address, amount: STAKE - 1000n },
      });
      await act(execute(alice, "escrow", "withdrawTo", [purse, 700n]));
      expect(await free(alice)).to.equal(0n);
      const balances = await read(alice, ({ blockTag }) =>
        Promise.all([alice.address, purse].map((address) => world.provider.getBalance(address, blockTag))),
      );
      const gas = steps.reduce((sum, { cost }) => sum + cost, 0n);
      // Refused calls that were mined nevertheless, because a node that was behind saw nothing wrong, cost gas too.
      const wasted = await gasOf(world.direct, alice, steps);
      expect(balances).to.deep.equal([coin - STAKE - 5n + STAKE - 1000n - gas - wasted, 700n]);

      const types = await Promise.all(steps.map((step) => world.direct.getTransaction(step.transactionHash)));
      const type = world.chain.fees === "legacy" ? 0 : 2;
      expect(types.map((transaction) => transaction?.type)).to.deep.equal(steps.map(() => type));
    },
  },
  {
    title: "one key sends a dozen transactions at once, each with a nonce of its own",
    async play(world) {
      const [sender, other] = await Promise.all([world.actor(), world.actor()]);
      const amounts = Array.from({ length: 12 }, (_, index) => 10n ** BigInt(index));
      const done = await Promise.all(
        amounts.map((value) => execute(sender, "escrow", "depositFor", [other.address], { value })),
      );
      expect(done.map((step) => emitted(step, "escrow", "Deposited").amount)).to.deep.equal(amounts);
      expect(new Set(done.map(({ transactionHash }) => transactionHash)).size).to.equal(12);
      expect(await free(sender, other.address)).to.equal(amounts.reduce((sum, value) => sum + value));
    },
  },
  {
    title: "a program that starts anew goes on after the nonces of the last run",
    async play(world) {
      const first = await patron(world);
      for (let run = 1n; run <= 3n; run++) {
        const signer = first.wallet.connect(world.provider);
        const { patience } = first;
        const again = await connect(signer, world.market.location, { patience, fees: world.chain.fees });
        const { attempts } = first;
        const attempt = { action: "escrow.transfer", hashes: new Set<string>() };
        attempts.push(attempt);
        const onHash = (hash: string) => void attempt.hashes.add(hash);
        const done = await execute(again, "escrow", "transfer", [world.attester.address, run], { onHash });
        Object.assign(attempt, { outcome: "done" });
        first.head.number = Math.max(first.head.number, done.blockNumber);
      }
      expect(await free(first)).to.equal(STAKE - 6n);
    },
  },
  {
    title: "who has no coin for gas is told so",
    async play(world) {
      const poor = await world.actor(world.market, 1000n);
      const error = await failureOf(execute(poor, "escrow", "deposit", [], { value: 2000n }));
      expect(error).to.be.instanceOf(InsufficientFundsError);
      expect(error).to.include({ account: poor.address, balance: 1000n });
      // With the gas, where the node's estimate does not look at the balance.
      const { needed } = error as InsufficientFundsError;
      expect(needed !== undefined && needed >= 2000n).to.equal(true);
    },
  },
];

/** What transactions cost that are not among the steps. Wei. */
async function gasOf(direct: World["direct"], { attempts }: Actor, steps: Executed[]): Promise<bigint> {
  const known = new Set(steps.map(({ transactionHash }) => transactionHash));
  const hashes = attempts.flatMap((attempt) => [...attempt.hashes]).filter((hash) => !known.has(hash));
  const receipts = await Promise.all(hashes.map((hash) => direct.getTransactionReceipt(hash)));
  return receipts.reduce((sum, receipt) => sum + (receipt?.fee ?? 0n), 0n);
}
