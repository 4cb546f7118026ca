export * from "./accept.js";
export * from "./acceptOwnership.js";
export * from "./acceptProvider.js";
export * from "./announceInbox.js";
export * from "./approveSource.js";
export * from "./cancel.js";
export * from "./cancelUnbonding.js";
export * from "./captureSeed.js";
export * from "./claimSeat.js";
export * from "./claimStake.js";
export * from "./collectFees.js";
export * from "./deliver.js";
export * from "./deliverAndDisclose.js";
export * from "./deposit.js";
export * from "./disclose.js";
export * from "./dispute.js";
export * from "./joinPool.js";
export * from "./leavePool.js";
export * from "./multicall.js";
export * from "./offerOwnership.js";
export * from "./offerProvider.js";
export * from "./openDelivery.js";
export * from "./openSeat.js";
export * from "./openVote.js";
export * from "./prove.js";
export * from "./proveBatch.js";
export * from "./proveSigned.js";
export * from "./publishSource.js";
export * from "./publishVersion.js";
export * from "./refund.js";
export * from "./registerProvider.js";
export * from "./renounceOwnership.js";
export * from "./reopen.js";
export * from "./reserve.js";
export * from "./revokeOrder.js";
export * from "./revokeOrdersBelow.js";
export * from "./rotateKey.js";
export * from "./setAgent.js";
export * from "./setClientAgent.js";
export * from "./setFee.js";
export * from "./setFloorPrice.js";
export * from "./setPayout.js";
export * from "./setPriceParameters.js";
export * from "./setRoyalty.js";
export * from "./setSourceActive.js";
export * from "./setStakePerSlot.js";
export * from "./setSubmissionsPaused.js";
export * from "./setTreasury.js";
export * from "./setVersionActive.js";
export * from "./settle.js";
export * from "./stake.js";
export * from "./submit.js";
export * from "./submitSigned.js";
export * from "./takeSeat.js";
export * from "./transfer.js";
export * from "./transferSource.js";
export * from "./unbond.js";
export * from "./withdraw.js";
export {
  type AdmissionRevert,
  type Award,
  type PackedSignedProof,
  packSignedProof,
  type ProofRevert,
  type Ruling,
  type Settlement,
  type SignatureRevert,
  type SignedProof,
  type VersionRevert,
  type VersionTerms,
  type WorkRevert,
} from "./shared.js";
