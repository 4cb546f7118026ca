// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {fits} from "../types/Environment.sol";
import {ProviderId, SourceId, TaskId} from "../types/Ids.sol";

/// @title TypesHarness
/// @notice Makes the free functions of the types callable.
contract TypesHarness {
    function fitsOn(uint8 offered, uint16 memory_, uint8 wanted, uint16 wantedMemory) external pure returns (bool) {
        return fits(offered, memory_, wanted, wantedMemory);
    }

    function sameTask(TaskId a, TaskId b) external pure returns (bool) {
        return a == b;
    }

    function compareProviders(ProviderId a, ProviderId b) external pure returns (bool same, bool other) {
        return (a == b, a != b);
    }

    function compareSources(SourceId a, SourceId b) external pure returns (bool same, bool other) {
        return (a == b, a != b);
    }
}
