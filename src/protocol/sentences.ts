import type { RevertArguments } from "../../typechain-types/abi/errors.js";
import { SEAT_OUTCOMES } from "./consensus.js";
import { DISPUTE_OUTCOMES } from "./dispute.js";
import { Environment, Verification } from "./order.js";
import { TASK_STATES } from "./states.js";

/** A moment as people and as chains write it, e.g. `2026-01-31T12:00:00Z (1769860800)`. */
function moment(seconds: bigint): string {
  // Beyond these there is no date, only a number that somebody made up.
  if (seconds > 253_402_300_799n) return `second ${seconds}`;
  return `${new Date(Number(seconds) * 1000).toISOString().replace(".000", "")} (${seconds})`;
}

/** A mask of environments by their names, e.g. `Cpu + Nvidia (3)`. */
function hardware(mask: bigint): string {
  const names = Object.entries(Environment).flatMap(([name, bit]) => ((mask & BigInt(bit)) === 0n ? [] : [name]));
  if (mask >> 3n !== 0n) names.push("unknown");
  return `${names.join(" + ") || "none"} (${mask})`;
}

const stateName = (state: bigint): string => TASK_STATES[Number(state)] ?? `state ${state}`;

const outcomeName = (outcome: bigint): string => SEAT_OUTCOMES[Number(outcome)]?.toLowerCase() ?? `outcome ${outcome}`;

const verificationName = (verification: bigint): string =>
  Object.entries(Verification).find(([, number]) => BigInt(number) === verification)?.[0] ??
  `verification ${verification}`;

const already = (active: boolean): string => (active ? "already active" : "inactive already");

/** One plain sentence, or two, for each custom error. */
export const SENTENCES: { readonly [N in keyof RevertArguments]: (args: RevertArguments[N]) => string } = {
  AddressEmptyCode: ({ target }) => `There is no contract at ${target}. Check the address.`,
  AgentAlreadyInState: (args) => {
    const whose = "client" in args ? `client ${args.client}` : `provider ${args.provider}`;
    return `${args.agent} is ${args.allowed ? "already" : "not"} an agent of ${whose}, so nothing would change.`;
  },
  AlreadyCancelled: ({ taskId }) => `Task ${taskId} is already cancelled. Refund it when its deadline is over.`,
  AlreadyClaimed: ({ taskId, seat }) =>
    `The envelope of seat ${seat} in the round of task ${taskId} is disclosed already.`,
  AlreadyMember: ({ provider, source }) =>
    `Provider ${provider} is already in the pool of source ${source}. Leave it first to join with other terms.`,
  AlreadyOpened: ({ taskId, seat }) => `The seal of seat ${seat} in the round of task ${taskId} is opened already.`,
  AlreadySeated: ({ taskId, provider }) =>
    `Provider ${provider} already has a seat in the round of task ${taskId}; none has two.`,
  AmountTooLarge: ({ amount, maximum }) =>
    `${amount} is too large an amount; the contract can store at most ${maximum}.`,
  ApprovalUnchanged: ({ provider, source, approved }) =>
    `Agents of provider ${provider} may ${approved ? "already" : "not"} join the pool of source ${source}, so nothing would change.`,
  Barred: ({ taskId, provider }) => `Provider ${provider} failed task ${taskId} before and may not take it again.`,
  BondTooLow: ({ bond, minimum }) =>
    `The order's bond of ${bond} wei is too low; with this cap and floor it must be at least ${minimum} wei.`,
  CapAboveMaximum: ({ maxReward, maximum }) =>
    `The order would hold ${maxReward} wei, its cap for each execution; one task may hold at most ${maximum} wei.`,
  CapBelowFloor: ({ maxReward, floorPrice }) =>
    `The order's cap of ${maxReward} wei is below the source's floor price of ${floorPrice} wei. Raise maxReward.`,
  ClaimTooLate: ({ taskId, end, now_ }) =>
    `The results of task ${taskId} had to be claimed by ${moment(end)}; it is ${moment(now_)} now, and anyone may settle it.`,
  ClientOfTask: ({ taskId, client }) => `${client} is the client of task ${taskId}, which it cannot judge itself.`,
  DeadlinePassed: ({ deadline, now_ }) => `The deadline ${moment(deadline)} is over; it is ${moment(now_)} now.`,
  DeadlineTooFar: ({ deadline, latest }) =>
    `The deadline ${moment(deadline)} is too far away; the latest possible one is ${moment(latest)}.`,
  DeliveryAlreadyOpened: ({ taskId }) => `The delivery of task ${taskId} is opened already.`,
  DeliveryNotOpened: ({ taskId }) =>
    `The provider of task ${taskId} has not opened its delivery yet, so there is nothing to judge.`,
  DisclosureTooLate: ({ taskId, end, now_ }) =>
    `Task ${taskId} had to be disclosed by ${moment(end)}; it is ${moment(now_)} now, and anyone may reopen it.`,
  DisputedProvider: ({ taskId, provider }) =>
    `Provider ${provider} has delivered task ${taskId} and cannot have a seat in the panel that decides about it.`,
  DuplicateAttester: ({ attester }) => `${attester} is named twice among the attesters.`,
  ERC721IncorrectOwner: ({ sender, tokenId, owner }) => `Source ${tokenId} belongs to ${owner}, not to ${sender}.`,
  ERC721InsufficientApproval: ({ operator, tokenId }) =>
    `${operator} may not transfer source ${tokenId}. Its publisher must transfer it, or approve that account.`,
  ERC721InvalidApprover: ({ approver }) => `${approver} may not approve others to transfer this source.`,
  ERC721InvalidOperator: ({ operator }) => `${operator} cannot be approved to transfer sources.`,
  ERC721InvalidOwner: ({ owner }) => `${owner} can own no source.`,
  ERC721InvalidReceiver: ({ receiver }) =>
    `${receiver} cannot receive a source: it is the zero address, or a contract that takes no ERC-721 tokens.`,
  ERC721InvalidSender: ({ sender }) => `${sender} cannot give a source away.`,
  ERC721NonexistentToken: ({ tokenId }) => `No token has the number ${tokenId}, because no source has.`,
  EmptyBatch: () => "The batch is empty. Give it at least one signed proof.",
  EnvelopeMismatch: ({ taskId, seat, expected, found }) =>
    `The hash of the envelope begins with ${found}, but the one sealed in seat ${seat} of task ${taskId} with ${expected}.`,
  EnvelopeTooLarge: ({ size, maximum }) => `The envelope has ${size} bytes; it may have at most ${maximum}.`,
  EnvironmentsNotOffered: ({ environments, offered }) =>
    `The order accepts the environments ${hardware(environments)}, but the version runs in ${hardware(offered)} only. ` +
    `Accept one of them at least, and no other.`,
  ExponentTooLarge: ({ x, maximum }) => `${x} is too large an exponent; it may be at most ${maximum}.`,
  FailedCall: () => "One of the calls failed without a reason. Check that each is a call of this contract.",
  FeeAboveOrder: ({ feeBps, maxFeeBps }) =>
    `The protocol fee is ${feeBps} basis points, but the order allows ${maxFeeBps}. Raise maxFeeBps.`,
  FeeOutOfBounds: ({ feeBps, minimum, maximum }) =>
    `A fee of ${feeBps} basis points is out of bounds; it must be from ${minimum} to ${maximum}.`,
  FeeScaleTooSmall: ({ priceOfMaximumWeight, maxRound }) =>
    `The fee scale is too small: the largest weight would cost ${priceOfMaximumWeight} wei, which must be more than ` +
    `the ${maxRound} wei that one task may hold.`,
  GpuMemoryBelowTerms: ({ minGpuMemory, required }) =>
    `The order asks for ${minGpuMemory} GiB of GPU memory, but the version needs ${required} GiB. Raise minGpuMemory.`,
  GpuMemoryWithoutGpu: ({ minGpuMemory }) =>
    `The version needs ${minGpuMemory} GiB of GPU memory but runs on no GPU. Add a GPU environment, or ask for 0 GiB.`,
  HardwareMismatch: ({ environments, gpuMemory, wanted, wantedMemory }) =>
    `The provider's hardware, ${hardware(environments)} with ${gpuMemory} GiB of GPU memory, does not run what is ` +
    `asked for, ${hardware(wanted)} with ${wantedMemory} GiB.`,
  InboxTooLarge: ({ size, maximum }) => `The inbox has ${size} bytes; its address may have at most ${maximum}.`,
  InsufficientBalance: ({ account, free, needed }) =>
    `${account} has a free balance of ${free} wei in Escrow, not the ${needed} wei that are needed. Deposit the rest.`,
  InsufficientCallGas: ({ available, required }) =>
    `Only ${available} gas was left for a check that needs ${required}. Raise the gas limit.`,
  InsufficientHeld: ({ account, held, needed }) =>
    `${account} has ${held} wei in open tasks, not the ${needed} wei that are needed.`,
  InsufficientStake: ({ provider, free, needed }) =>
    `Provider ${provider} has ${free} wei of free stake, not the ${needed} wei that are needed. Stake the rest.`,
  InvalidEnvironments: ({ environments }) =>
    `The environments ${hardware(environments)} are not usable. Combine Cpu (1), Nvidia (2) and Amd (4).`,
  InvalidRange: ({ from, to }) =>
    `The range from ${from} to ${to} is none. It must begin no lower than the list, and end no lower than it begins.`,
  InvalidShortString: () => "A stored text is malformed.",
  InvalidSignature: ({ taskId, client }) =>
    `The signature of order ${taskId} is not one of ${client}. Check the key, and the chain and suite it signed for.`,
  IsDisputed: ({ taskId }) =>
    `Task ${taskId} is disputed: each seat of its panel is opened by its provider, with openVote.`,
  Jailed: ({ provider, until }) => `Provider ${provider} is jailed and may take new work after ${moment(until)}.`,
  JoinedTooLate: ({ provider, source, joinedAt, before }) =>
    `Provider ${provider} joined the pool of source ${source} at ${moment(joinedAt)}; only those before ${moment(before)} can be drawn.`,
  LeafMismatch: ({ leaf, expected, found }) =>
    `The contract at ${leaf} names ${found} where this suite has ${expected}. Deploy the suite anew.`,
  MalformedOrder: ({ taskId }) =>
    `The order of task ${taskId} is malformed: unused bits are set, or its verification is unknown.`,
  NoAttesters: () => "No attester is named. Name at least one.",
  NoJudgement: ({ taskId, resultDigest }) =>
    `${resultDigest} is no judgement about task ${taskId}: a judge seals that the result is valid, or that it is invalid.`,
  NoPanel: ({ taskId }) =>
    `The order of task ${taskId} asks for no panel, with its trust of 0: what is disclosed stands.`,
  NoFreeSlot: ({ provider, source, slots }) =>
    `Provider ${provider} has ${slots} slots in the pool of source ${source} and holds as many reservations there. ` +
    `Fulfil one first.`,
  NoSuchSeat: ({ taskId, seat }) => `The round of task ${taskId} has no seat ${seat}.`,
  NoWinner: ({ taskId }) =>
    `No group of equal results has won the round of task ${taskId}. Settle it, which returns the money.`,
  NonceFloorNotRaised: ({ nonce, floor }) =>
    `The nonces below ${floor} are revoked already, so revoking those below ${nonce} would change nothing.`,
  NonceRevoked: ({ taskId, nonce, floor }) =>
    `Order ${taskId} has the nonce ${nonce}, and its client revoked all below ${floor}. Ask for one with a later nonce.`,
  NotAgent: ({ provider, key }) => `${key} is neither the owner nor an agent of provider ${provider}.`,
  NotApproved: ({ provider, source }) =>
    `The owner of provider ${provider} has not approved that its agents join the pool of source ${source}. It must do so, or join itself.`,
  NotAuthorised: ({ caller }) => `${caller} is not the contract that may do this.`,
  NotClient: ({ taskId, caller }) => `${caller} is not the client of order ${taskId}, which alone may do this.`,
  NotClientOrAgent: ({ taskId, caller }) =>
    `${caller} is neither the client of task ${taskId} nor one of the client's agents.`,
  NotDeterministic: ({ source, version }) =>
    `Executions of version ${version} of source ${source} may differ, so their agreement says nothing. Use Review instead.`,
  NotDisputed: ({ taskId }) => `Task ${taskId} is not disputed.`,
  NotDrawn: ({ taskId, provider, ticket, bound }) =>
    `Provider ${provider} is not drawn for task ${taskId} yet: its ticket ${ticket} must be below ${bound}, which rises with time.`,
  NotHolder: ({ taskId, provider }) => `Task ${taskId} is reserved, but not by provider ${provider}.`,
  NotMember: ({ provider, source }) => `Provider ${provider} is not in the pool of source ${source}. Join it first.`,
  NotOffered: ({ verification, trust, reservation }) =>
    `${verificationName(verification)} with trust ${trust} and a reservation of ${reservation} seconds is not offered. ` +
    `Trust needs Quorum or Review, and a reservation needs Review.`,
  NotOwner: ({ provider, caller }) => `${caller} does not own provider ${provider}, if there is one of that number.`,
  NotPendingOwner: ({ provider, caller }) =>
    `Provider ${provider} is not offered to ${caller}. Its owner must offer it first.`,
  NotPublisher: ({ source, caller }) => `${caller} is not the publisher of source ${source}, who alone may change it.`,
  NotQuorum: ({ taskId }) => `Task ${taskId} is not decided by a round.`,
  NotReservable: ({ taskId }) => `Task ${taskId} asks for no reservation. Deliver a result at once.`,
  NotReserved: ({ taskId }) => `Task ${taskId} asks for a reservation. Reserve it before you deliver.`,
  NotWinner: ({ taskId, seat, outcome }) =>
    `Seat ${seat} in the round of task ${taskId} is not in the winning group: it is ${outcomeName(outcome)}.`,
  NothingToClaim: ({ taskId, outcome }) =>
    `No result of the panel of task ${taskId} is to be paid: the delivery is ${DISPUTE_OUTCOMES[Number(outcome)]?.toLowerCase() ?? outcome}.`,
  NothingCollected: () => "There are no fees to collect. Name payers that have paid some since the last time.",
  NothingUnbonding: ({ provider }) => `Provider ${provider} has no stake that unbonds.`,
  OpeningTooLate: ({ taskId, end, now_ }) =>
    `The seals of task ${taskId} had to be opened by ${moment(end)}; it is ${moment(now_)} now.`,
  OwnableInvalidOwner: ({ owner }) => `${owner} cannot own a suite.`,
  OwnableUnauthorizedAccount: ({ account }) =>
    `${account} does not own the suite, and its ownership is not offered to that account.`,
  OwnerAsAgent: ({ provider, owner }) =>
    `${owner} owns provider ${provider}; an owner's authority can be neither granted nor revoked.`,
  PackedFieldOverflow: ({ value, bits }) => `${value} does not fit a packed field of ${bits} bits.`,
  PauseUnchanged: ({ paused }) => `New tasks are ${paused ? "already" : "not"} paused, so nothing would change.`,
  PoolTooSmall: ({ source, members, required }) =>
    `The pool of source ${source} has ${members} members; a round with this trust needs ${required}. Ask for less trust.`,
  PriceParameterOutOfBounds: ({ value, minimum, maximum }) =>
    `A price parameter of ${value} is out of bounds; it must be from ${minimum} to ${maximum}.`,
  ProofRejected: ({ taskId, verifier }) => `The verifier ${verifier} rejected the proof for task ${taskId}.`,
  ReservationLapsed: ({ taskId, end, now_ }) =>
    `The reservation of task ${taskId} ended with ${moment(end)}; it is ${moment(now_)} now, and anyone may reopen it.`,
  ReservationPastDeadline: ({ end, deadline }) =>
    `A reservation from now on would end with ${moment(end)}, after the task's deadline, ${moment(deadline)}.`,
  ReservationsHeld: ({ provider, source, reserved }) =>
    `Provider ${provider} holds ${reserved} reservations in the pool of source ${source}. Fulfil them before you leave.`,
  ReviewOver: ({ taskId, end, now_ }) =>
    `Task ${taskId} could be disputed until ${moment(end)}; it is ${moment(now_)} now, and anyone may settle it.`,
  ReviewTooLong: ({ reviewPeriod, maximum }) =>
    `A review period of ${reviewPeriod} seconds is too long; it may have at most ${maximum} seconds.`,
  RoyaltyAboveMaximum: ({ royaltyBps, maximum }) =>
    `A royalty of ${royaltyBps} basis points is too high; it may be at most ${maximum}.`,
  RoyaltyAboveOrder: ({ royaltyBps, maxRoyaltyBps }) =>
    `The source's royalty is ${royaltyBps} basis points, but the order allows ${maxRoyaltyBps}. Raise maxRoyaltyBps.`,
  SafeCastOverflowedUintDowncast: ({ bits, value }) => `${value} is larger than a number of ${bits} bits can be.`,
  ScoreTooLow: ({ provider, score, minimum }) =>
    `Provider ${provider} has a score of ${score} millionths; the task asks for ${minimum}.`,
  SealMismatch: ({ taskId, seal, found }) =>
    `The opening gives the seal ${found}, but task ${taskId} has ${seal}. Check commitment and envelope.`,
  SealingOver: ({ taskId, end, now_ }) =>
    `Seats in the round of task ${taskId} were taken until ${moment(end)}; it is ${moment(now_)} now.`,
  SeedKnown: ({ taskId, seed }) => `The seed of task ${taskId} is captured already: it is ${seed}.`,
  SeedNotReady: ({ taskId, seedBlock, blockNumber }) =>
    `The seed of task ${taskId} is the hash of block ${seedBlock}, which must be in the past; this is block ${blockNumber}.`,
  SlashAboveStake: ({ provider, available, amount }) =>
    `${amount} wei cannot be slashed: provider ${provider} has ${available} wei outside its other locks.`,
  SourceAlreadyInState: ({ source, active }) => `Source ${source} is ${already(active)}, so nothing would change.`,
  SourceNotActive: ({ source }) => `Source ${source} is inactive: it takes neither new tasks nor new members.`,
  StakePerSlotBelowMinimum: ({ stakePerSlot, minimum }) =>
    `A stake of ${stakePerSlot} wei a slot is too low; a source must ask for at least ${minimum} wei.`,
  StillUnbonding: ({ provider, maturesAt }) =>
    `The stake of provider ${provider} unbonds up to and in ${moment(maturesAt)}. Claim it afterwards.`,
  StringTooLong: ({ str }) => `The text "${str}" is too long to store.`,
  SubmissionsPaused: () => "New tasks are paused. Try again when the owner of the suite has resumed them.",
  ThresholdOutOfRange: ({ threshold, attesters }) =>
    `A threshold of ${threshold} is out of range; it must be from 1 to ${attesters}, the number of attesters.`,
  TooEarly: ({ taskId, end, now_ }) =>
    `This may be done to task ${taskId} after ${moment(end)}; it is ${moment(now_)} now.`,
  TooManyVerifiers: ({ count, maximum }) => `${count} verifiers are too many; a version may list ${maximum}.`,
  TrustOutOfBounds: ({ trust, minimum, maximum }) =>
    `A trust of ${trust} is out of bounds; an order with a round or a panel must ask for ${minimum} to ${maximum}.`,
  UnbalancedBatch: ({ debits, credits }) =>
    `A batch takes ${debits} wei and gives ${credits} wei, which must be equal.`,
  UnbondingTooShort: ({ period, required }) =>
    `An unbonding period of ${period} seconds is too short; with these windows it must be ${required} seconds.`,
  UnknownProvider: ({ provider }) => `There is no provider ${provider}.`,
  UnknownSource: ({ source }) => `There is no source ${source}.`,
  UnknownVersion: ({ source, version }) => `Source ${source} has no version ${version}.`,
  VerifierMismatch: ({ verification, verifier }) =>
    `A ${verificationName(verification)} order names the verifier ${verifier}. A Proof order must name a verifier, any ` +
    `other the zero address.`,
  VerifierNotAdmitted: ({ source, version, verifier }) =>
    `Version ${version} of source ${source} does not admit the verifier ${verifier}.`,
  VersionAlreadyInState: ({ source, version, active }) =>
    `Version ${version} of source ${source} is ${already(active)}, so nothing would change.`,
  VersionNotActive: ({ source, version }) => `Version ${version} of source ${source} is inactive. Use another one.`,
  WeightOutOfBounds: ({ provider, weight, minimum, maximum }) =>
    `Provider ${provider} cannot sit with a weight of ${weight}; its score allows ${minimum} to ${maximum}.`,
  WeightUnitOutOfBounds: ({ weightUnit, minimum, maximum }) =>
    `A weight unit of ${weightUnit} wei is out of bounds; it must be from ${minimum} to ${maximum}.`,
  WithdrawalFailed: ({ to, amount }) =>
    `${to} refused ${amount} wei, which stay in Escrow. Withdraw to another account.`,
  WrongState: ({ taskId, state }) => `Task ${taskId} is in the state ${stateName(state)}, which does not allow this.`,
  WrongValue: ({ sent, expected }) => `${sent} wei were sent along; it must be ${expected} wei, or none.`,
  WrongVerification: ({ taskId, verification }) =>
    `Task ${taskId} asks for ${verificationName(verification)}. Review tasks are delivered, Proof tasks are proven, and ` +
    `Quorum tasks have seats.`,
  ZeroAddress: () => "An address is zero where an account or a contract is needed.",
  ZeroAmount: () => "The amount is 0 wei, so there is nothing to move.",
  ZeroAttester: () => "An attester has the zero address.",
  ZeroClientKey: () =>
    "The order's clientKey is zero. A Review or Quorum order needs the key to which envelopes are encrypted.",
  ZeroDigest: () => "The digest of the manifest is zero.",
  ZeroFeeScale: () => "The fee scale is 0 wei; it must be more.",
  ZeroFloorPrice: () => "The floor price is 0 wei; it must be more.",
  ZeroInputDigest: () => "The order's inputDigest is zero.",
  ZeroKey: () => "The provider's key is zero. It must be an X25519 public key.",
  ZeroSeal: () => "The seal is zero.",
  ZeroSlots: () => "A provider cannot join with 0 slots.",
  ZeroVerifier: () => "A verifier has the zero address.",
  ZeroWindow: () => "One of the windows has 0 seconds; each must have more.",
};
