// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// @dev The cheatcodes of the test runner that these tests use.
interface IVm {
    /// @dev Makes `sender` the caller of the next call.
    function prank(address sender) external;

    /// @dev Sets the time of the block, unix seconds.
    function warp(uint256 timestamp) external;

    /// @dev Sets the number of the block. Blocks that were never mined have hashes nevertheless.
    function roll(uint256 number) external;

    /// @dev Sets the coin balance of `account`, wei.
    function deal(address account, uint256 balance) external;

    /// @dev Reverts unless the next call reverts with exactly this data.
    function expectRevert(bytes calldata data) external;

    /// @dev Skips the run of a fuzz test unless `condition` holds.
    function assume(bool condition) external pure;

    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function addr(uint256 key) external pure returns (address);

    function getBlockTimestamp() external view returns (uint256);

    function getBlockNumber() external view returns (uint256);

    /// @dev A storage slot of `account`.
    function load(address account, bytes32 slot) external view returns (bytes32);

    function getNonce(address account) external view returns (uint64);

    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);

    /// @dev Creation code of an artifact, linked.
    function getCode(string calldata artifact) external view returns (bytes memory);

    /// @dev Begins to keep all logs.
    function recordLogs() external;

    /// @dev What was logged since the last call of this.
    function getRecordedLogs() external returns (Log[] memory logs);

    function snapshotState() external returns (uint256 id);

    function revertToState(uint256 id) external returns (bool success);
}

/// @dev Time of the block. `block.timestamp` itself will not do: the optimiser takes it for a constant of the
/// transaction and may read it before a warp.
function time() view returns (uint256) {
    return VM.getBlockTimestamp();
}

/// @dev Number of the block, by the same detour.
function height() view returns (uint256) {
    return VM.getBlockNumber();
}

error NotDeployed(string name);

/// @dev Deploys an artifact, so that what is tested is what is deployed, and its code is compiled but once.
function deploy(string memory name, bytes memory arguments) returns (address deployed) {
    bytes memory code = bytes.concat(VM.getCode(name), arguments);
    assembly ("memory-safe") {
        deployed := create(0, add(code, 32), mload(code))
    }
    require(deployed != address(0), NotDeployed(name));
}

IVm constant VM = IVm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// @dev A log as the runner keeps it.
struct Log {
    bytes32[] topics;
    bytes data;
    address emitter;
}

/// @dev What the runner reads from `targetSelectors`: the functions of a contract that a campaign may call.
struct FuzzSelector {
    address addr;
    bytes4[] selectors;
}
