import { expect } from "chai";
import { type ContractTransactionResponse, parseEther } from "ethers";
import {
  Escrow__factory,
  type ProviderPool,
  ProviderPool__factory,
  SourceRegistry__factory,
} from "../../typechain-types/index.js";
import { ethers, loadFixture, networkHelpers, time } from "./network.js";

/** The provider and the source under test; different numbers, so that swapped arguments show. */
export const PROVIDER = 2n;
export const SOURCE = 3n;
export const X_KEY = `0x${"4b".repeat(32)}`;
export const PERIOD = 1_000_000;
export const SLOT_STAKE = parseEther("1");
export const STAKE = parseEther("10");
/** One more than all stake of a provider can be, wei. */
export const STAKE_LIMIT = 1n << 88n;

/** Terms of SOURCE's first version. */
export const OFFERED = { environments: 1 | 2, minGpuMemory: 8 } as const;

/** A ProviderPool with a plain account in TaskManager's place, and three sources, of which the last counts. */
export async function deployPool() {
  const signers = await ethers.getSigners();
  const account = (place: number) => {
    const signer = signers[place];
    if (signer === undefined) throw new Error(`no account ${place}`);
    return signer;
  };
  const deployer = account(0);
  const publisher = account(2);
  const manager = account(1);
  const nonce = await deployer.getNonce();
  const poolAddress = ethers.getCreateAddress({ from: deployer.address, nonce: nonce + 2 });
  const escrow = await new Escrow__factory(deployer).deploy(manager, poolAddress);
  const registry = await new SourceRegistry__factory(deployer).deploy(1n);
  const pool = await new ProviderPool__factory(deployer).deploy(manager, escrow, registry, PERIOD);
  for (const stakePerSlot of [1n, 2n, SLOT_STAKE]) {
    await registry
      .connect(publisher)
      .publish(
        { floorPrice: 1n, stakePerSlot, royaltyBps: 0 },
        { manifestDigest: X_KEY, ...OFFERED, deterministic: true },
        [],
      );
  }
  const people = { owner: account(3), payout: account(4), agent: account(5), stranger: account(6) };
  return { escrow, registry, pool, poolAddress, deployer, manager, publisher, newOwner: account(7), ...people };
}

/** Adds an unrelated provider 1 of `stranger`, and PROVIDER of `owner` with an agent and STAKE, member of no pool. */
export async function deployProvider() {
  const fixture = await deployPool();
  const { pool, owner, payout, agent, stranger } = fixture;
  await pool.connect(stranger).register(stranger, X_KEY);
  await pool.connect(owner).register(payout, X_KEY);
  await pool.connect(owner).setAgent(PROVIDER, agent, true);
  await pool.connect(owner).approveSource(PROVIDER, SOURCE, true);
  await pool.connect(stranger).stake(1, STAKE, { value: STAKE });
  await pool.connect(owner).stake(PROVIDER, STAKE, { value: STAKE });
  return fixture;
}

/** Adds PROVIDER's membership of SOURCE, two slots on a GPU with 16 GiB. */
export async function deployMember() {
  const fixture = await deployProvider();
  await fixture.pool.connect(fixture.owner).joinPool(PROVIDER, SOURCE, 1, 2, 2, 16);
  return fixture;
}

/** Locks a bond of PROVIDER, a member, as TaskManager does at a delivery. */
export const engage = (
  { pool, manager, agent }: Awaited<ReturnType<typeof deployPool>>,
  bond: bigint,
  counted = false,
): Promise<ContractTransactionResponse> => pool.connect(manager).engage(PROVIDER, agent, SOURCE, 2, 16, bond, counted);

/** What of a provider's stake is where. */
export async function standing({ pool }: { pool: ProviderPool }, provider = PROVIDER) {
  const { stake, free, locked, unbonding, maturesAt } = await pool.getProvider(provider);
  return { stake, free, locked, unbonding, maturesAt };
}

/** The pair of standings that a test compares: all wei free, but for the changes. */
export const expected = (changes: Partial<Awaited<ReturnType<typeof standing>>> = {}) => ({
  stake: STAKE,
  free: STAKE,
  locked: 0n,
  unbonding: 0n,
  maturesAt: 0n,
  ...changes,
});

/** Fields of a membership that is none. */
export const NO_MEMBERSHIP = [0n, 0n, 0n, 0n, 0n, 0n, 0n];

/** A market that nothing happened to, at the floor of the sources here. */
export const EMPTY_MARKET = {
  price: 1n,
  utilisation: 0n,
  openTasks: 0n,
  capacity: 0n,
  members: 0n,
  touchedAt: 0n,
  target: 0n,
  speed: 0n,
  clamp: 0n,
};

/** What a market looks like now, its parameters among the other fields. */
export async function marketOf(pool: ProviderPool, source = SOURCE): Promise<typeof EMPTY_MARKET> {
  const { price, utilisation, openTasks, capacity, members, touchedAt, parameters } = await pool.getMarket(source);
  const { target, speed, clamp } = parameters;
  return { price, utilisation, openTasks, capacity, members, touchedAt, target, speed, clamp };
}

/** Price parameters of the tests: with every slot taken, a price rises by a thousandth a second, at most by a quarter. */
export const PRICES = { target: 8_000n, speed: 4_000n, clamp: 250n };
export const PACKED_PRICES = (PRICES.clamp << 32n) | (PRICES.speed << 16n) | PRICES.target;

/** Adds an order to the demand for SOURCE, as TaskManager does when it is posted. */
export const open = (
  { pool, manager }: Awaited<ReturnType<typeof deployPool>>,
  cap: bigint,
  floorPrice = 1n,
  parameters = PACKED_PRICES,
): Promise<ContractTransactionResponse> => pool.connect(manager).open(SOURCE, cap, floorPrice, parameters);

/** What `open` would answer now, wei. */
export const openingPrice = (
  { pool, manager }: Awaited<ReturnType<typeof deployPool>>,
  floorPrice = 1n,
): Promise<bigint> => pool.connect(manager).open.staticCall(SOURCE, 0n, floorPrice, PACKED_PRICES);

/** Sends the next transaction at a given second. */
export async function at<T>(second: number | bigint, act: () => Promise<T>): Promise<T> {
  await time.setNextBlockTimestamp(second);
  return act();
}

/** Gives an account more coin than a stake can hold. */
export const enrich = (address: string): Promise<void> => networkHelpers.setBalance(address, 4n * STAKE_LIMIT);

/** Declares tests that only the owner of PROVIDER may call `act`. */
export function itIsForTheOwner(act: (pool: ProviderPool) => Promise<unknown>): void {
  for (const who of ["agent", "payout", "stranger", "manager"] as const) {
    it(`refuses the ${who}`, async () => {
      const fixture = await loadFixture(deployProvider);
      await expect(act(fixture.pool.connect(fixture[who])))
        .to.be.revertedWithCustomError(fixture.pool, "NotOwner")
        .withArgs(PROVIDER, fixture[who]);
    });
  }
}

/** Declares tests that only TaskManager may call `act`. */
export function itIsForTheTaskManager(act: (pool: ProviderPool) => Promise<unknown>): void {
  for (const who of ["owner", "agent", "deployer", "stranger"] as const) {
    it(`refuses the ${who}`, async () => {
      const fixture = await loadFixture(deployMember);
      await expect(act(fixture.pool.connect(fixture[who])))
        .to.be.revertedWithCustomError(fixture.pool, "NotAuthorised")
        .withArgs(fixture[who]);
    });
  }
}
