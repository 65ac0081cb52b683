// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PanelId} from "./CircleTypes.sol";

/// @title Different seats out of a set, by a seed.
library CircleDraw {
    /// @notice How many seats a set has, a bit each.
    function count(uint256 set) internal pure returns (uint256 number) {
        for (; set != 0; set &= set - 1) {
            number++;
        }
    }

    /// @notice Draws `number` seats, each by keccak256(abi.encode(seed, panel, i)) from those that are left. The set has as many.
    function seats(uint256 set, bytes32 seed, PanelId panelId, uint256 number)
        internal
        pure
        returns (uint256[] memory drawn)
    {
        drawn = new uint256[](number);
        uint256 left = count(set);
        for (uint256 i = 0; i < number; i++) {
            uint256 at = uint256(keccak256(abi.encode(seed, panelId, i))) % left--;
            uint256 seat = _bitAt(set, at);
            drawn[i] = seat;
            set ^= 1 << seat;
        }
    }

    /// @dev Place of the bit that has `before` bits below it.
    function _bitAt(uint256 set, uint256 before) private pure returns (uint256 place) {
        while (true) {
            if (set >> place & 1 == 1) {
                if (before == 0) return place;
                before--;
            }
            place++;
        }
    }
}
