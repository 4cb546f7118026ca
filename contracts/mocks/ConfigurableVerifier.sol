// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IVerifier} from "../interfaces/IVerifier.sol";

/// @title ConfigurableVerifier
/// @notice Knows one pair of claim and proof; says to it what it was told to say, and no to all others.
contract ConfigurableVerifier is IVerifier {
    error Refused();

    bytes32 private _expected;
    bytes4 private _answer;
    bool private _refuses;

    function expect(Claim calldata claim, bytes calldata proof, bytes4 answer) external {
        _expected = keccak256(abi.encode(claim, proof));
        _answer = answer;
    }

    function refuse() external {
        _refuses = true;
    }

    function verify(Claim calldata claim, bytes calldata proof) external view returns (bytes4) {
        require(!_refuses, Refused());
        return keccak256(abi.encode(claim, proof)) == _expected ? _answer : bytes4(0);
    }
}
