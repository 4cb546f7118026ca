// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @title AcceptFirstVerifier
/// @notice Accepts whatever comes first from a provider with a bond: the client trusts every member of the pool.
/// @dev UNSAFE for races among strangers: nothing shows that the result is right, nothing punishes a wrong one, and
/// whoever sees a claim in the mempool can put one of its own in front. For closed pools and for clients that used
/// first-response delivery elsewhere.
contract AcceptFirstVerifier is IVerifier {
    /// @inheritdoc IVerifier
    function verify(Claim calldata claim, bytes calldata) external pure returns (bytes4) {
        return claim.bond != 0 ? IVerifier.verify.selector : bytes4(0);
    }
}
