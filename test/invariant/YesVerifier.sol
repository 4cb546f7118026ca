// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";

/// @dev Says yes to every claim whose proof is not empty.
contract YesVerifier is IVerifier {
    function verify(Claim calldata, bytes calldata proof) external pure returns (bytes4) {
        return proof.length != 0 ? IVerifier.verify.selector : bytes4(0);
    }
}
