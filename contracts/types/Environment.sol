// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @dev Environment bits, as a mask: where a version runs, what a member offers, what an order accepts.
uint8 constant ENVIRONMENT_CPU = 1;
uint8 constant ENVIRONMENT_NVIDIA = 2;
uint8 constant ENVIRONMENT_AMD = 4;
uint8 constant ENVIRONMENT_GPU = ENVIRONMENT_NVIDIA | ENVIRONMENT_AMD;
uint8 constant ENVIRONMENT_ALL = ENVIRONMENT_CPU | ENVIRONMENT_GPU;

/// @dev Whether hardware declared as `offered` with `offeredMemory` GiB of GPU memory can run work that accepts
/// `wanted` and needs `wantedMemory` GiB on a GPU. GPU memory does not matter on a CPU.
function fits(uint8 offered, uint16 offeredMemory, uint8 wanted, uint16 wantedMemory) pure returns (bool) {
    uint8 common = offered & wanted;
    if (common & ENVIRONMENT_CPU != 0) return true;
    return common & ENVIRONMENT_GPU != 0 && offeredMemory >= wantedMemory;
}
