import { expect } from "chai";
import { loadFixture, time } from "../../helpers/network.js";
import {
  at,
  deployMember,
  deployProvider,
  EMPTY_MARKET,
  engage,
  expected,
  marketOf,
  NO_MEMBERSHIP,
  PROVIDER,
  SLOT_STAKE,
  SOURCE,
  STAKE,
  standing,
  X_KEY,
} from "../../helpers/pool.js";

type Fixture = Awaited<ReturnType<typeof deployProvider>>;
const MAX_SLOTS = 2n ** 32n - 1n;

/** Asserts that PROVIDER is no member and has all its stake. */
async function expectUntouched(fixture: Fixture) {
  const { pool } = fixture;
  expect([...(await pool.getMembership(PROVIDER, SOURCE))]).to.deep.equal(NO_MEMBERSHIP);
  expect([...(await pool.getMembers(SOURCE, 0, 9))]).to.deep.equal([]);
  const market = await pool.getMarket(SOURCE);
  expect([market.capacity, market.members]).to.deep.equal([0n, 0n]);
  expect(await standing(fixture)).to.deep.equal(expected());
}

/** Adds version 2 on AMD without a minimum of memory, and version 3 on any GPU with 16 GiB. */
async function withVersions() {
  const fixture = await deployProvider();
  const registry = fixture.registry.connect(fixture.publisher);
  const version = { manifestDigest: X_KEY, deterministic: true };
  await registry.publishVersion(SOURCE, { ...version, environments: 4, minGpuMemory: 0 }, []);
  await registry.publishVersion(SOURCE, { ...version, environments: 6, minGpuMemory: 16 }, []);
  return fixture;
}

describe("ProviderPool.joinPool", () => {
  it("stores the membership, lists the member, adds its slots and locks their stake", async () => {
    const fixture = await loadFixture(deployProvider);
    const { pool, owner } = fixture;
    const now = (await time.latest()) + 50;
    await expect(at(now, () => pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 4, 3, 24)))
      .to.emit(pool, "Joined")
      .withArgs(PROVIDER, SOURCE, 4, 3, 24, SLOT_STAKE);
    const membership = [4n, 0n, 3n, 24n, SLOT_STAKE, BigInt(now), 0n];
    expect([...(await pool.getMembership(PROVIDER, SOURCE))]).to.deep.equal(membership);
    expect(await marketOf(pool)).to.deep.equal({ ...EMPTY_MARKET, capacity: 4n, members: 1n, touchedAt: BigInt(now) });
    expect([...(await pool.getMembers(SOURCE, 0, 9))]).to.deep.equal([PROVIDER]);
    const locked = 4n * SLOT_STAKE;
    expect(await standing(fixture)).to.deep.equal(expected({ free: STAKE - locked, locked }));
    expect(await standing(fixture, 1n)).to.deep.equal(expected());
  });

  it("counts members, slots and places of each source on its own", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, owner, agent, stranger } = fixture;
    await pool.connect(stranger).joinPool(1, SOURCE, 1, 3, 1, 0);
    await pool.connect(owner).approveSource(PROVIDER, 2, true);
    await pool.connect(agent).joinPool(PROVIDER, 2, 1, 5, 1, 0);
    expect((await pool.getMembership(PROVIDER, SOURCE)).index).to.equal(0);
    expect((await pool.getMembership(1, SOURCE)).index).to.equal(1);
    expect((await pool.getMembership(PROVIDER, 2)).index).to.equal(0);
    expect([...(await pool.getMembers(SOURCE, 0, 9))]).to.deep.equal([PROVIDER, 1n]);
    expect(await marketOf(pool)).to.include({ capacity: 5n, members: 2n });
    expect(await marketOf(pool, 2n)).to.include({ capacity: 5n, members: 1n });
    expect((await standing(fixture)).locked).to.equal(2n * SLOT_STAKE + 10n);
    await expect(pool.connect(owner).joinPool(PROVIDER, 2, 1, 1, 1, 0))
      .to.be.revertedWithCustomError(pool, "AlreadyMember")
      .withArgs(PROVIDER, 2);
  });

  it("freezes the stake a slot of the moment", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, registry, publisher, stranger } = fixture;
    await registry.connect(publisher).setStakePerSlot(SOURCE, 2n * SLOT_STAKE);
    await pool.connect(stranger).joinPool(1, SOURCE, 1, 2, 1, 0);
    expect((await pool.getMembership(PROVIDER, SOURCE)).stakePerSlot).to.equal(SLOT_STAKE);
    expect((await pool.getMembership(1, SOURCE)).stakePerSlot).to.equal(2n * SLOT_STAKE);
    expect((await standing(fixture)).locked).to.equal(2n * SLOT_STAKE);
    expect((await standing(fixture, 1n)).locked).to.equal(4n * SLOT_STAKE);
  });

  describe("when the stake is scarce", () => {
    it("takes the last free wei", async () => {
      const fixture = await loadFixture(deployProvider);
      await fixture.pool.connect(fixture.agent).joinPool(PROVIDER, SOURCE, 1, 10, 1, 0);
      expect(await standing(fixture)).to.deep.equal(expected({ free: 0n, locked: STAKE }));
    });

    for (const slots of [11n, MAX_SLOTS]) {
      it(`refuses ${slots} slots`, async () => {
        const fixture = await loadFixture(deployProvider);
        const { pool, owner } = fixture;
        await expect(pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, slots, 1, 0))
          .to.be.revertedWithCustomError(pool, "InsufficientStake")
          .withArgs(PROVIDER, STAKE, slots * SLOT_STAKE);
        await expectUntouched(fixture);
      });
    }

    it("counts free stake only", async () => {
      const fixture = await loadFixture(deployMember);
      const { pool, owner } = fixture;
      await engage(fixture, STAKE - 2n * SLOT_STAKE - 5n);
      await pool.connect(owner).unbond(PROVIDER, 2n);
      await expect(pool.connect(owner).joinPool(PROVIDER, 1, 1, 4, 1, 0))
        .to.be.revertedWithCustomError(pool, "InsufficientStake")
        .withArgs(PROVIDER, 3, 4);
      await pool.connect(owner).joinPool(PROVIDER, 1, 1, 3, 1, 0);
    });
  });

  describe("when the hardware has to meet the terms of a version", () => {
    // Version 1 runs on a CPU or on NVIDIA with 8 GiB.
    const table: [version: number, environments: number, memory: number, wanted: [number, number], ok: boolean][] = [
      [1, 1, 0, [3, 8], true],
      [1, 2, 8, [3, 8], true],
      [1, 2, 7, [3, 8], false],
      [1, 2, 65535, [3, 8], true],
      [1, 3, 0, [3, 8], true],
      [1, 4, 80, [3, 8], false],
      [1, 5, 0, [3, 8], true],
      [1, 6, 8, [3, 8], true],
      [1, 6, 7, [3, 8], false],
      [1, 7, 7, [3, 8], true],
      [1, 0, 80, [3, 8], false],
      [2, 4, 0, [4, 0], true],
      [2, 1, 0, [4, 0], false],
      [2, 3, 80, [4, 0], false],
      [3, 2, 16, [6, 16], true],
      [3, 4, 16, [6, 16], true],
      [3, 4, 15, [6, 16], false],
      [3, 1, 80, [6, 16], false],
      [3, 7, 15, [6, 16], false],
    ];
    for (const [version, environments, memory, wanted, ok] of table) {
      it(`${ok ? "takes" : "refuses"} mask ${environments} with ${memory} GiB for version ${version}`, async () => {
        const fixture = await loadFixture(withVersions);
        const { pool, owner } = fixture;
        const joining = pool.connect(owner).joinPool(PROVIDER, SOURCE, version, 1, environments, memory);
        if (ok) {
          await joining;
          const { environments: mask, gpuMemory } = await pool.getMembership(PROVIDER, SOURCE);
          expect([mask, gpuMemory]).to.deep.equal([BigInt(environments), BigInt(memory)]);
        } else {
          await expect(joining)
            .to.be.revertedWithCustomError(pool, "HardwareMismatch")
            .withArgs(environments, memory, ...wanted);
          await expectUntouched(fixture);
        }
      });
    }

    for (const environments of [8, 9, 255]) {
      it(`refuses mask ${environments}, which names no environment`, async () => {
        const fixture = await loadFixture(deployProvider);
        const { pool, owner } = fixture;
        await expect(pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 1, environments, 80))
          .to.be.revertedWithCustomError(pool, "InvalidEnvironments")
          .withArgs(environments);
        await expectUntouched(fixture);
      });
    }
  });

  describe("when the source or version is not there or not active", () => {
    it("refuses unknown ones", async () => {
      const { pool, registry, owner } = await loadFixture(deployProvider);
      await expect(pool.connect(owner).joinPool(PROVIDER, 4, 1, 1, 1, 0))
        .to.be.revertedWithCustomError(registry, "UnknownSource")
        .withArgs(4);
      for (const version of [0, 2]) {
        await expect(pool.connect(owner).joinPool(PROVIDER, SOURCE, version, 1, 1, 0))
          .to.be.revertedWithCustomError(registry, "UnknownVersion")
          .withArgs(SOURCE, version);
      }
    });

    it("refuses inactive ones", async () => {
      const fixture = await loadFixture(withVersions);
      const { pool, registry, owner, publisher } = fixture;
      await registry.connect(publisher).setVersionActive(SOURCE, 1, false);
      await expect(pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 1, 1, 0))
        .to.be.revertedWithCustomError(registry, "VersionNotActive")
        .withArgs(SOURCE, 1);
      await registry.connect(publisher).setActive(SOURCE, false);
      await expect(pool.connect(owner).joinPool(PROVIDER, SOURCE, 2, 1, 4, 0))
        .to.be.revertedWithCustomError(registry, "SourceNotActive")
        .withArgs(SOURCE);
      await expectUntouched(fixture);
    });
  });

  it("refuses no slots", async () => {
    const { pool, owner } = await loadFixture(deployProvider);
    await expect(pool.connect(owner).joinPool(PROVIDER, SOURCE, 1, 0, 1, 0))
      .to.be.revertedWithCustomError(pool, "ZeroSlots")
      .withArgs();
  });

  it("refuses to join twice, which would lose the first lock", async () => {
    const fixture = await loadFixture(deployMember);
    const { pool, agent } = fixture;
    await expect(pool.connect(agent).joinPool(PROVIDER, SOURCE, 1, 1, 1, 0))
      .to.be.revertedWithCustomError(pool, "AlreadyMember")
      .withArgs(PROVIDER, SOURCE);
    expect((await standing(fixture)).locked).to.equal(2n * SLOT_STAKE);
  });

  for (const who of ["payout", "stranger", "manager"] as const) {
    it(`refuses the ${who}, who is neither owner nor agent`, async () => {
      const fixture = await loadFixture(deployProvider);
      await expect(fixture.pool.connect(fixture[who]).joinPool(PROVIDER, SOURCE, 1, 1, 1, 0))
        .to.be.revertedWithCustomError(fixture.pool, "NotAgent")
        .withArgs(PROVIDER, fixture[who]);
      await expectUntouched(fixture);
    });
  }
});
