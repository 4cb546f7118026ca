import { hexlify, randomBytes } from "ethers";
import { registerProvider } from "../protocol/actions/registerProvider.js";
import { rotateKey } from "../protocol/actions/rotateKey.js";
import { setPayout } from "../protocol/actions/setPayout.js";
import { stake as addStake } from "../protocol/actions/stake.js";
import { read, readBatch } from "../protocol/batch.js";
import { keyPair } from "../protocol/envelope.js";
import { watch } from "../protocol/events.js";
import type { SigningProtocol } from "../protocol/protocol.js";
import { NotAuthorisedError } from "./errors.js";

/** Who a provider is, beside its signer. */
export interface Identity {
  /** X25519 secret key, to whose public key clients encrypt private inputs. */
  secretKey: string;
  /** Number of the provider, once it has one. */
  provider?: number;
}

/** Keeps the identity, so that a restart does not register a second provider. */
export interface IdentityBook {
  read(): Promise<Identity | undefined>;
  /** Once this resolves the identity survives the program. */
  write(identity: Identity): Promise<void>;
}

/** Who a provider wants to be on chain. */
export interface Identification {
  book: IdentityBook;
  /** Block of the deployment, from which registrations are looked for. */
  from: number;
  /** Number of the provider, if the signer is its agent. */
  provider?: number | undefined;
  /** Account that earnings are credited to; the signer's own if left out. */
  payout?: string | undefined;
}

/** Who a provider wants to be, and with what. */
export interface Establishment extends Identification {
  /** Stake that it wants to have, wei. */
  stake: bigint;
}

/**
 * Makes sure that the signer acts for a provider with its key on chain: the one that is named, else the one
 * of an earlier run, else the one that the signer has registered elsewhere, else a new one.
 *
 * @returns Number of the provider.
 * @throws {NotAuthorisedError} if the signer may not act for the provider.
 */
export async function identify(protocol: SigningProtocol, wanted: Identification): Promise<number> {
  const { book } = wanted;
  const kept = await book.read();
  const identity: Identity = kept ?? { secretKey: hexlify(randomBytes(32)) };
  // Before anything is sent: what is encrypted to a key that nobody has is lost.
  if (kept === undefined) await book.write(identity);
  const key = keyPair(identity.secretKey).publicKey;

  const known = wanted.provider ?? identity.provider ?? (await registeredBy(protocol, wanted.from));
  const { payout } = wanted;
  const provider =
    known ?? (await registerProvider(protocol, { key, ...(payout !== undefined && { payout }) })).provider;

  const { address } = protocol.sender;
  const { values } = await readBatch(protocol, [
    read("providerPool", "getProvider", provider),
    read("providerPool", "isAuthorised", provider, address),
  ]);
  const [view, isAuthorised] = values;
  if (!isAuthorised) throw new NotAuthorisedError(provider, address, view.owner);
  // Only now: one that is not its own must not be taken for its own at the next start.
  if (identity.provider !== provider) await book.write({ ...identity, provider });
  if (view.owner === address) {
    if (view.key !== key) await rotateKey(protocol, { provider, key });
    if (payout !== undefined && view.payout !== payout) await setPayout(protocol, { provider, payout });
  }
  return provider;
}

/**
 * Adds what is missing of a provider's stake, from the signer's coin.
 *
 * @param stake Wei.
 * @throws {InsufficientFundsError} if the signer cannot pay for it.
 */
export async function topUp(protocol: SigningProtocol, provider: number, stake: bigint): Promise<void> {
  const [view] = (await readBatch(protocol, [read("providerPool", "getProvider", provider)])).values;
  if (view.stake < stake) await addStake(protocol, { provider, amount: stake - view.stake });
}

/**
 * Does both: {@link identify} and {@link topUp}.
 *
 * @throws what they throw.
 */
export async function establish(protocol: SigningProtocol, wanted: Establishment): Promise<number> {
  const provider = await identify(protocol, wanted);
  await topUp(protocol, provider, wanted.stake);
  return provider;
}

/** The newest provider that the signer has registered and still owns. */
async function registeredBy(protocol: SigningProtocol, from: number): Promise<number | undefined> {
  const { address } = protocol.sender;
  const [block] = [await protocol.provider.getBlockNumber()];
  const registrations = watch(protocol, {
    events: ["providerPool.ProviderRegistered"],
    where: { owner: address },
    from,
    to: Math.max(block, from),
  });
  const found: number[] = [];
  for await (const { args } of registrations) found.push(Number(args.provider));
  for (const provider of found.reverse()) {
    const [{ owner }] = (await readBatch(protocol, [read("providerPool", "getProvider", provider)])).values;
    if (owner === address) return provider;
  }
  return undefined;
}
