import { hexlify, randomBytes } from "ethers";
import { registerProvider } from "../protocol/actions/registerProvider.js";
import { rotateKey } from "../protocol/actions/rotateKey.js";
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

/** What a provider wants to be on chain. */
export interface Establishment {
  book: IdentityBook;
  /** Block of the deployment, from which registrations are looked for. */
  from: number;
  /** Stake that it wants to have, wei. */
  stake: bigint;
  /** Number of the provider, if the signer is its agent. */
  provider?: number | undefined;
  /** Account that earnings are credited to; the signer's own if left out. */
  payout?: string | undefined;
}

/**
 * Makes sure that the signer acts for a provider with its key and stake on chain: the one that is named, else the one
 * of an earlier run, else the one that the signer has registered elsewhere, else a new one.
 *
 * @returns Number of the provider.
 * @throws {NotAuthorisedError} if the signer may not act for the provider.
 * @throws {InsufficientFundsError} if the signer cannot pay for what is missing of the stake.
 */
export async function establish(protocol: SigningProtocol, wanted: Establishment): Promise<number> {
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
  if (identity.provider !== provider) await book.write({ ...identity, provider });

  const { address } = protocol.sender;
  const { values } = await readBatch(protocol, [
    read("providerPool", "getProvider", provider),
    read("providerPool", "isAuthorised", provider, address),
  ]);
  const [view, isAuthorised] = values;
  if (!isAuthorised) throw new NotAuthorisedError(provider, address, view.owner);
  if (view.key !== key && view.owner === address) await rotateKey(protocol, { provider, key });
  if (view.stake < wanted.stake) await addStake(protocol, { provider, amount: wanted.stake - view.stake });
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
