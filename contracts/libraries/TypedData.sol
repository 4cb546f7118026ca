// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {TaskId} from "../types/Ids.sol";
import {PackedOrder} from "../types/Order.sol";
import {OrderLib} from "./OrderLib.sol";

/// @title TypedData
/// @notice The id of an order under a domain.
library TypedData {
    function taskIdOf(bytes32 domainSeparator, PackedOrder calldata order) internal pure returns (TaskId) {
        return TaskId.wrap(MessageHashUtils.toTypedDataHash(domainSeparator, OrderLib.structHash(order)));
    }
}
