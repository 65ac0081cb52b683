// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DisputeId} from "../../src/protocol/Types.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Three verifiers that all say the same.
abstract contract PanelTest is ProtocolTest {
    address[] internal panel;

    function seatVerifiers() internal {
        for (uint256 i = 0; i < 3; i++) {
            panel.push(vm.addr(2000 + i));
            vm.deal(panel[i], 1000 ether);
            vm.prank(panel[i]);
            verifiers.stake{value: 100 ether}(i);
        }
        vm.warp(block.timestamp + 1);
    }

    /// @dev The first panel finds `value`; nobody reveals where it is 0, until all were asked.
    function verdict(DisputeId id, bytes32 value) internal {
        for (uint8 round = 0; round < (value == 0 ? 3 : 1); round++) {
            recordSeed(disputes.getDispute(id).seedBlock);
            disputes.draw(id);
            _votes(id, round, value);
        }
        vm.warp(block.timestamp + WINDOW + 1);
    }

    /// @dev The first panel, which is drawn, finds `value`, and nobody appeals.
    function decided(DisputeId id, bytes32 value) internal {
        _votes(id, 0, value);
        vm.warp(block.timestamp + WINDOW + 1);
    }

    function _votes(DisputeId id, uint8 round, bytes32 value) private {
        for (uint256 i = 0; i < 3 && value != 0; i++) {
            if (disputes.voteOf(id, round, panel[i]).weight == 0) continue;
            bytes32 hash = disputes.commitmentOf(id, panel[i], value, "digest", "salt");
            vm.prank(panel[i]);
            disputes.commit(id, hash);
        }
        vm.warp(block.timestamp + 2 * WINDOW + 1);
        for (uint256 i = 0; i < 3 && value != 0; i++) {
            if (disputes.voteOf(id, round, panel[i]).weight == 0) continue;
            vm.prank(panel[i]);
            disputes.reveal(id, value, "digest", "salt");
        }
        vm.warp(block.timestamp + WINDOW);
        disputes.decide(id);
    }
}
