// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Cid} from "../libraries/Cid.sol";

/// @title CidHarness
/// @notice Makes Cid callable.
contract CidHarness {
    function ofSha256(bytes32 digest) external pure returns (string memory) {
        return Cid.ofSha256(digest);
    }
}
