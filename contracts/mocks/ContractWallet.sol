// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title ContractWallet
/// @notice A wallet that calls one pair of digest and signature its own and answers with whatever word it was given.
contract ContractWallet is IERC1271 {
    bytes32 private _approved;
    bytes4 private _answer;

    function approve(bytes32 digest, bytes calldata signature, bytes4 answer) external {
        _approved = keccak256(abi.encode(digest, signature));
        _answer = answer;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return keccak256(abi.encode(digest, signature)) == _approved ? _answer : bytes4(0);
    }
}
