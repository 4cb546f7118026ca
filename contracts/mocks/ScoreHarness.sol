// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Score} from "../libraries/Score.sol";

/// @title ScoreHarness
/// @notice Makes Score callable.
contract ScoreHarness {
    uint256 public constant HALF_LIFE = Score.HALF_LIFE;
    uint256 public constant POINT = Score.POINT;

    function decayed(uint256 score, uint256 elapsed) external pure returns (uint256) {
        return Score.decayed(score, elapsed);
    }

    function gainOf(uint256 fee, uint256 scale) external pure returns (uint256) {
        return Score.gainOf(fee, scale);
    }
}
