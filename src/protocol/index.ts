// What a program imports to work with a suite. Deploying one is apart, in deploy.ts: it brings bytecode along.
export * from "./actions/index.js";
export * from "./attestation.js";
export * from "./batch.js";
export { NETWORKS, type NetworkName, type NetworkPreset, presetOf } from "./deploy/networks.js";
export * from "./consensus.js";
export * from "./deployment.js";
export * from "./dispute.js";
export * from "./envelope.js";
export * from "./errors.js";
export {
  type Arguments,
  decodeLog,
  emitted,
  type EventOf,
  type EventPlace,
  execute,
  executed,
  type Executed,
  INTERFACES,
  type Method,
  type ProtocolEvent,
} from "./execute.js";
export type { FeeMarket, Fees } from "./fees.js";
export { type Market, marketPriceAt, utilisationOf } from "./market.js";
export * from "./order.js";
export {
  DEFAULT_PARAMETERS,
  longestObligation,
  type PriceParameters,
  type SuiteParameters,
  type Windows,
} from "./parameters.js";
export * from "./panel.js";
export * from "./price.js";
export * from "./protocol.js";
export * from "./provider.js";
export * from "./quote.js";
export { DEFAULT_PATIENCE, type Patience } from "./retry.js";
export * from "./reverts.js";
export * from "./round.js";
export * from "./seal.js";
export { type Call, createSender, type Head, type SendOptions, type Sender, type SenderOptions } from "./sender.js";
export { SENTENCES } from "./sentences.js";
export * from "./snapshot.js";
export * from "./states.js";
export * from "./events.js";
export * from "./waits.js";
