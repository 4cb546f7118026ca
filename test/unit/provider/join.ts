import { expect } from "chai";
import { parseEther } from "ethers";
import type { SigningProtocol } from "../../../src/protocol/protocol.js";
import { pause } from "../../../src/protocol/retry.js";
import { RevertError } from "../../../src/protocol/reverts.js";
import { SourceRefusedError } from "../../../src/provider/errors.js";
import { leavePools } from "../../../src/provider/leave.js";
import { leaveSeats, type Seat, suitableVersion, takeSeat } from "../../../src/provider/join.js";
import { caught, rejection } from "../../helpers/caught.js";
import { until } from "../../helpers/holders.js";
import { ethers, loadFixture, time } from "../../helpers/network.js";
import { protocolOf } from "../../helpers/protocol.js";
import {
  deployMarket,
  FLOOR,
  joinProvider,
  type Market,
  random32,
  reservedTask,
  STAKE_PER_SLOT,
} from "../../helpers/suite.js";

const [CPU, NVIDIA, AMD] = [1, 2, 4];

/** A market of sources 1 to 3. */
async function deploySources() {
  const market = await deployMarket();
  const terms = { floorPrice: FLOOR, stakePerSlot: STAKE_PER_SLOT, royaltyBps: 0 };
  const version = { manifestDigest: random32(), environments: CPU, minGpuMemory: 0, deterministic: true };
  const { sourceRegistry, publisher, providerPool, providerOwner } = market;
  for (let source = 2; source <= 3; source++) {
    await sourceRegistry.connect(publisher).publish(terms, version, []);
    await providerPool.connect(providerOwner).approveSource(1, source, true);
  }
  return market;
}

describe("provider.join", () => {
  let market: Market;
  /** Of an agent of provider 1. */
  let protocol: SigningProtocol;

  beforeEach(async () => {
    market = await loadFixture(deploySources);
    protocol = await protocolOf(market, market.agent);
  });
  const publish = async (environments: number, minGpuMemory = 0) => {
    const terms = { manifestDigest: random32(), environments, minGpuMemory, deterministic: true };
    await market.sourceRegistry.connect(market.publisher).publishVersion(1, terms, []);
  };
  const stop = (version: number) => market.sourceRegistry.connect(market.publisher).setVersionActive(1, version, false);

  describe("suitableVersion", () => {
    const suitable = (environments: number, gpuMemory = 0) => suitableVersion(protocol, 1, { environments, gpuMemory });
    const refused = async (environments: number, gpuMemory = 0) => {
      const error = await caught(suitable(environments, gpuMemory), SourceRefusedError);
      expect(error.source).to.equal(1);
      return error;
    };

    // Version 1 runs on CPU and NVIDIA, with 8 GiB.
    for (const [environments, gpuMemory, fits] of [
      [CPU, 0, true],
      [CPU | AMD, 0, true],
      [CPU | NVIDIA, 0, true],
      [NVIDIA, 8, true],
      [NVIDIA | AMD, 8, true],
      [NVIDIA, 7, false],
      [NVIDIA | AMD, 7, false],
      [AMD, 80, false],
      [0, 80, false],
    ] as const) {
      it(`takes hardware of mask ${environments} with ${gpuMemory} GiB ${fits ? "" : "not "}for fit, as the contracts do`, async () => {
        if (fits) expect(await suitable(environments, gpuMemory)).to.equal(1);
        else
          expect((await refused(environments, gpuMemory)).message).to.contain("no active version of it runs on this");
        const { providerPool, stranger } = market;
        await providerPool.connect(stranger).register(stranger, random32());
        await providerPool.connect(stranger).stake(2, STAKE_PER_SLOT, { value: STAKE_PER_SLOT });
        const joining = providerPool.connect(stranger).joinPool(2, 1, 1, 1, environments, gpuMemory);
        if (fits) await joining;
        else await expect(joining).to.be.revertedWithCustomError(providerPool, "HardwareMismatch");
      });
    }

    it("takes the newest version that fits, whatever is between", async () => {
      await publish(CPU);
      await publish(NVIDIA, 24);
      await publish(AMD, 0);
      expect(await suitable(CPU)).to.equal(2);
      expect(await suitable(CPU | NVIDIA, 23)).to.equal(2);
      expect(await suitable(CPU | NVIDIA, 24)).to.equal(3);
      expect(await suitable(CPU | AMD)).to.equal(4);
      expect(await suitable(NVIDIA, 8)).to.equal(1);
    });

    it("leaves out versions that are no longer active", async () => {
      await publish(CPU);
      await publish(CPU);
      await stop(3);
      expect(await suitable(CPU)).to.equal(2);
      await stop(2);
      expect(await suitable(CPU)).to.equal(1);
      await stop(1);
      const { message, version } = await refused(CPU);
      expect(message).to.contain("Version 3 of source 1 cannot be run here: no active version");
      expect(version).to.equal(3);
    });

    it("reads more versions than fit in one answer", async () => {
      const terms = { manifestDigest: random32(), environments: AMD, minGpuMemory: 0, deterministic: true };
      const registry = market.sourceRegistry.connect(market.publisher);
      for (let count = 0; count < 250; count++) await registry.publishVersion(1, terms, []);
      expect(await suitable(CPU)).to.equal(1);
      expect(await suitable(AMD)).to.equal(251);
      for (const version of [188, 187, 124, 123]) {
        for (let newer = await suitable(AMD); newer > version; newer--) await stop(newer);
        expect(await suitable(AMD)).to.equal(version);
      }
    });

    it("refuses a source that is not active, though its versions are", async () => {
      const registry = market.sourceRegistry.connect(market.publisher);
      await registry.setActive(1, false);
      expect((await refused(CPU)).message).to.contain("its publisher takes no new tasks for it");
      await registry.setActive(1, true);
      expect(await suitable(CPU)).to.equal(1);
    });

    it("passes on that there is no such source", async () => {
      const error = await caught(suitableVersion(protocol, 9, { environments: CPU, gpuMemory: 0 }), RevertError);
      expect(error.revert).to.equal("UnknownSource");
    });
  });

  describe("takeSeat", () => {
    const seat = (changes: Partial<Seat> = {}): Seat => ({
      ...{ provider: 1, source: 2, slots: 2, environments: CPU, gpuMemory: 0 },
      ...changes,
    });
    const membership = async (source: number) => {
      const { slots, environments, gpuMemory } = await market.providerPool.getMembership(1, source);
      return [slots, environments, gpuMemory].map(Number);
    };
    const sent = () => ethers.provider.getTransactionCount(market.agent);
    const free = async () => (await market.providerPool.getProvider(1)).free;

    it("joins", async () => {
      expect(await takeSeat(protocol, seat({ environments: CPU | AMD, gpuMemory: 9 }), 1)).to.equal(true);
      expect(await membership(2)).to.deep.equal([2, CPU | AMD, 9]);
      expect(await membership(3)).to.deep.equal([0, 0, 0]);
    });

    it("does nothing if it is in already", async () => {
      await takeSeat(protocol, seat(), 1);
      const before = await sent();
      expect(await takeSeat(protocol, seat(), 1)).to.equal(false);
      expect(await sent()).to.equal(before);
      expect(await takeSeat(protocol, seat({ source: 1 }), 1)).to.equal(false);
      expect(await sent()).to.equal(before);
    });

    for (const [what, changes, expected] of [
      ["more slots", { slots: 3 }, [3, CPU, 0]],
      ["fewer slots", { slots: 1 }, [1, CPU, 0]],
      ["other hardware", { environments: CPU | NVIDIA }, [2, CPU | NVIDIA, 0]],
      ["other memory", { gpuMemory: 16 }, [2, CPU, 16]],
    ] as const) {
      it(`joins anew with ${what}`, async () => {
        await takeSeat(protocol, seat(), 1);
        expect(await takeSeat(protocol, seat(changes), 1)).to.equal(true);
        expect(await membership(2)).to.deep.equal(expected);
        // Source 1 keeps its two slots.
        expect(await free()).to.equal(parseEther("1") - BigInt(2 + expected[0]) * STAKE_PER_SLOT);
        expect((await market.providerPool.getMarket(2)).members).to.equal(1n);
        expect(await takeSeat(protocol, seat(changes), 1)).to.equal(false);
      });
    }

    it("passes on what the contracts refuse", async () => {
      const error = await caught(takeSeat(protocol, seat({ slots: 9 }), 1), RevertError);
      expect(error.revert).to.equal("InsufficientStake");
      expect(await membership(2)).to.deep.equal([0, 0, 0]);
    });
  });

  describe("leaveSeats", () => {
    const slots = async (provider: bigint | number = 1) => {
      const all = [1, 2, 3].map((source) => market.providerPool.getMembership(provider, source));
      return (await Promise.all(all)).map((membership) => Number(membership.slots));
    };

    it("leaves those that it is in, of those that are named", async () => {
      await takeSeat(protocol, { provider: 1, source: 3, slots: 1, environments: CPU, gpuMemory: 0 }, 1);
      await joinProvider(market, market.stranger);
      expect(await slots()).to.deep.equal([2, 0, 1]);
      expect(await leaveSeats(protocol, 1, [2, 3])).to.deep.equal([3]);
      expect([await slots(), await slots(2)]).to.deep.equal([
        [2, 0, 0],
        [2, 0, 0],
      ]);
      expect(await leaveSeats(protocol, 1, [1, 2, 3])).to.deep.equal([1]);
      expect([await slots(), await slots(2)]).to.deep.equal([
        [0, 0, 0],
        [2, 0, 0],
      ]);
      expect((await market.providerPool.getProvider(1)).locked).to.equal(0n);
    });

    it("stays where it holds a reservation, and leaves the others", async () => {
      await takeSeat(protocol, { provider: 1, source: 3, slots: 1, environments: CPU, gpuMemory: 0 }, 1);
      const { packed } = await reservedTask(market);
      expect(await leaveSeats(protocol, 1, [1, 2, 3])).to.deep.equal([3]);
      expect(await slots()).to.deep.equal([2, 0, 0]);
      await market.taskManager.connect(market.agent).deliver(packed, 1, random32());
      expect(await leaveSeats(protocol, 1, [1, 2, 3])).to.deep.equal([1]);
    });

    it("sends nothing if there is none", async () => {
      const before = await ethers.provider.getTransactionCount(market.agent);
      expect(await leaveSeats(protocol, 1, [2, 3])).to.deep.equal([]);
      expect(await leaveSeats(protocol, 1, [])).to.deep.equal([]);
      expect(await ethers.provider.getTransactionCount(market.agent)).to.equal(before);
    });
  });

  describe("leavePools", () => {
    const start = () => {
      const ending = new AbortController();
      const left: number[] = [];
      const told = (source: number) => left.push(source);
      const leaving = leavePools(protocol, {
        ...{ provider: 1, sources: [1, 3], from: 0, signal: ending.signal },
        left: (source) => void told(source),
      });
      leaving.catch(() => undefined);
      return { left, leaving, ending };
    };
    const seats = async () => (await market.providerPool.getMembership(1, 1)).slots;

    it("leaves at once what it can, and the rest when that is delivered", async () => {
      await takeSeat(protocol, { provider: 1, source: 3, slots: 1, environments: CPU, gpuMemory: 0 }, 1);
      const { packed, taskId } = await reservedTask(market);
      const { left, leaving } = start();
      await until("one", () => left.length === 1);
      await pause(200);
      expect([left, await seats()]).to.deep.equal([[3], 2n]);
      await market.taskManager.connect(market.agent).deliver(packed, 1, random32());
      await leaving;
      expect([left, await seats()]).to.deep.equal([[3, 1], 0n]);
      expect((await market.taskManager.getTask(taskId)).lapses).to.equal(0n);
    });

    it("gives up a reservation whose time is over, and not a second before", async () => {
      const { taskId } = await reservedTask(market);
      const { leaving } = start();
      await time.increase(600);
      await pause(200);
      expect(await seats()).to.equal(2n);
      await time.increase(1);
      await leaving;
      expect(await seats()).to.equal(0n);
      expect((await market.taskManager.getTask(taskId)).lapses).to.equal(1n);
    });

    it("ends by its signal", async () => {
      await reservedTask(market);
      const { leaving, ending } = start();
      const reason = new Error("enough");
      ending.abort(reason);
      expect(await rejection(leaving)).to.equal(reason);
      expect(await seats()).to.equal(2n);
    });
  });
});
