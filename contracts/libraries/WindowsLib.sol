// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Windows} from "../types/Task.sol";

/// @title WindowsLib
/// @notice What the lengths of the clocks imply.
library WindowsLib {
    /// @notice A clock of zero seconds.
    error ZeroWindow();

    /// @dev Most seconds between taking an obligation and the last moment at which it can be slashed: a delivery in
    /// the first second of the longest task, disclosed late, reviewed long, disputed in the last second, then every
    /// phase of the panel. A panel seals for as long as the task was open, at least `panelMin`.
    function longestObligation(Windows memory windows) internal pure returns (uint256) {
        require(
            windows.disclose != 0 &&
                windows.cancelNotice != 0 &&
                windows.maxLifetime != 0 &&
                windows.maxReview != 0 &&
                windows.seed != 0 &&
                windows.panelMin != 0 &&
                windows.openProvider != 0 &&
                windows.open != 0 &&
                windows.claim != 0,
            ZeroWindow()
        );
        uint256 panel = windows.maxLifetime > windows.panelMin ? windows.maxLifetime : windows.panelMin;
        return
            uint256(windows.maxLifetime) +
            windows.disclose +
            windows.maxReview +
            windows.seed +
            panel +
            windows.openProvider +
            windows.open +
            windows.claim;
    }
}
