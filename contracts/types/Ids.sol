// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @dev EIP-712 digest of the task's order; binds the chain and the TaskManager.
type TaskId is bytes32;

/// @dev Number of a provider in ProviderPool, from 1.
type ProviderId is uint32;

/// @dev Number of a source in SourceRegistry, from 1; also its ERC-721 token id.
type SourceId is uint32;

using {sameTask as ==} for TaskId global;
using {sameProvider as ==, otherProvider as !=} for ProviderId global;
using {sameSource as ==, otherSource as !=} for SourceId global;

function sameTask(TaskId a, TaskId b) pure returns (bool) {
    return TaskId.unwrap(a) == TaskId.unwrap(b);
}

function sameProvider(ProviderId a, ProviderId b) pure returns (bool) {
    return ProviderId.unwrap(a) == ProviderId.unwrap(b);
}

function otherProvider(ProviderId a, ProviderId b) pure returns (bool) {
    return ProviderId.unwrap(a) != ProviderId.unwrap(b);
}

function sameSource(SourceId a, SourceId b) pure returns (bool) {
    return SourceId.unwrap(a) == SourceId.unwrap(b);
}

function otherSource(SourceId a, SourceId b) pure returns (bool) {
    return SourceId.unwrap(a) != SourceId.unwrap(b);
}
