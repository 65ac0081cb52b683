// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {L1Block} from "../../src/l2/L1Block.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Test} from "../lib/Test.sol";

contract L1BlockTest is Test {
    L1Block internal l1Block;

    function setUp() public {
        l1Block = new L1Block();
    }

    function _send(bytes memory data) internal {
        vm.prank(Predeploys.DEPOSITOR_ACCOUNT);
        (bool success,) = address(l1Block).call(data);
        vm.assertTrue(success);
    }

    function _slot(uint256 slot) internal view returns (uint256) {
        return uint256(vm.load(address(l1Block), bytes32(slot)));
    }

    function test_selectors() public pure {
        vm.assertEq(bytes32(L1Block.setL1BlockValues.selector), bytes32(bytes4(0x015d8eb9)));
        vm.assertEq(bytes32(L1Block.setL1BlockValuesEcotone.selector), bytes32(bytes4(0x440a5e20)));
        vm.assertEq(bytes32(L1Block.setL1BlockValuesIsthmus.selector), bytes32(bytes4(0x098999be)));
        vm.assertEq(bytes32(L1Block.setL1BlockValuesJovian.selector), bytes32(bytes4(0x3db6be2b)));
    }

    function testFuzz_jovianWritesTheSlotsThatConsensusReads(
        uint32[3] memory scalars,
        uint64[4] memory words,
        uint256 basefee,
        uint256 blobBaseFee,
        bytes32 hash,
        bytes32 batcher,
        uint16 daScalar
    ) public {
        bytes memory head = abi.encodePacked(
            hex"3db6be2b", scalars[0], scalars[1], words[0], words[1], words[2]
        );
        bytes memory tail =
            abi.encodePacked(basefee, blobBaseFee, hash, batcher, scalars[2], words[3], daScalar);
        bytes memory data = bytes.concat(head, tail);
        vm.assertEq(data.length, 178);
        _send(data);

        vm.assertEq(_slot(0), (uint256(words[1]) << 64) | words[2]);
        vm.assertEq(_slot(1), basefee);
        vm.assertEq(_slot(2), uint256(hash));
        vm.assertEq(_slot(3), (uint256(scalars[0]) << 96) | (uint256(scalars[1]) << 64) | words[0]);
        vm.assertEq(_slot(4), uint256(batcher));
        vm.assertEq(_slot(7), blobBaseFee);
        vm.assertEq(_slot(8), (uint256(daScalar) << 96) | (uint256(scalars[2]) << 64) | words[3]);

        vm.assertEq(uint256(l1Block.baseFeeScalar()), scalars[0]);
        vm.assertEq(uint256(l1Block.sequenceNumber()), words[0]);
        vm.assertEq(uint256(l1Block.timestamp()), words[1]);
        vm.assertEq(uint256(l1Block.number()), words[2]);
        vm.assertEq(uint256(l1Block.operatorFeeScalar()), scalars[2]);
        vm.assertEq(uint256(l1Block.operatorFeeConstant()), words[3]);
        vm.assertEq(uint256(l1Block.daFootprintGasScalar()), daScalar);
    }

    function test_isthmusLeavesNoDaScalar() public {
        bytes memory ecotone = new bytes(160);
        _send(abi.encodePacked(hex"3db6be2b", ecotone, uint32(7), uint64(8), uint16(9)));
        _send(abi.encodePacked(hex"098999be", ecotone, uint32(1), uint64(2)));
        vm.assertEq(_slot(8), (uint256(1) << 64) | 2);
    }

    function test_bedrock() public {
        _send(
            abi.encodeCall(
                L1Block.setL1BlockValues, (1, 2, 3, bytes32(uint256(4)), 5, bytes32(uint256(6)), 7, 8)
            )
        );
        vm.assertEq(_slot(0), (uint256(2) << 64) | 1);
        vm.assertEq(_slot(5), 7);
        vm.assertEq(_slot(6), 8);
    }

    function test_onlyTheDepositorWrites() public {
        vm.expectRevert(L1Block.NotDepositor.selector);
        l1Block.setL1BlockValuesJovian();
        vm.expectRevert(L1Block.NotDepositor.selector);
        l1Block.setL1BlockValuesIsthmus();
        vm.expectRevert(L1Block.NotDepositor.selector);
        l1Block.setL1BlockValuesEcotone();
        vm.expectRevert(L1Block.NotDepositor.selector);
        l1Block.setL1BlockValues(0, 0, 0, 0, 0, 0, 0, 0);
    }
}
