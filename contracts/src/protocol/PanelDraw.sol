// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DisputeId} from "./Types.sol";

/// @title Seats of a panel by stake.
library PanelDraw {
    /// @notice Each seat falls on a wei of all stakes, by keccak256(abi.encode(seed, dispute, seats, seat)).
    /// @return weights How many seats each stake has; none where nobody has a stake.
    function seats(uint256[] memory stakes, bytes32 seed, DisputeId disputeId, uint256 count)
        internal
        pure
        returns (uint256[] memory weights)
    {
        weights = new uint256[](stakes.length);
        uint256 total = 0;
        for (uint256 i = 0; i < stakes.length; i++) {
            total += stakes[i];
        }
        if (total == 0) return weights;
        for (uint256 seat = 0; seat < count; seat++) {
            uint256 point = uint256(keccak256(abi.encode(seed, disputeId, count, seat))) % total;
            uint256 i = 0;
            while (point >= stakes[i]) point -= stakes[i++];
            weights[i]++;
        }
    }
}
