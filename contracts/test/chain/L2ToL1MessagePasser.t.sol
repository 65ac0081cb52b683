// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {L2ToL1MessagePasser} from "../../src/l2/L2ToL1MessagePasser.sol";
import {Artifacts} from "../lib/Artifacts.sol";
import {Test} from "../lib/Test.sol";
import {Vm} from "../lib/Vm.sol";

contract L2ToL1MessagePasserTest is Test {
    L2ToL1MessagePasser internal passer;
    L2ToL1MessagePasser internal stock;

    function setUp() public {
        passer = new L2ToL1MessagePasser();
        stock = L2ToL1MessagePasser(makeAddr("stock message passer"));
        vm.etch(address(stock), vm.getDeployedCode(Artifacts.stock("L2ToL1MessagePasser")));
    }

    function testFuzz_storesWhatTheStockContractStores(
        address sender,
        address target,
        uint256 gasLimit,
        bytes memory data
    ) public {
        for (uint256 i = 0; i < 2; i++) {
            vm.recordLogs();
            vm.prank(sender);
            passer.initiateWithdrawal(target, gasLimit, data);
            vm.prank(sender);
            stock.initiateWithdrawal(target, gasLimit, data);
            Vm.Log[] memory logs = vm.getRecordedLogs();
            vm.assertEq(logs[0].data, logs[1].data);
            vm.assertEq(keccak256(abi.encode(logs[0].topics)), keccak256(abi.encode(logs[1].topics)));
            (,,, bytes32 withdrawalHash) = abi.decode(logs[0].data, (uint256, uint256, bytes, bytes32));
            bytes32 slot = keccak256(abi.encode(withdrawalHash, uint256(0)));
            vm.assertEq(uint256(vm.load(address(passer), slot)), 1);
            vm.assertEq(vm.load(address(passer), slot), vm.load(address(stock), slot));
            vm.assertEq(
                vm.load(address(passer), bytes32(uint256(1))), vm.load(address(stock), bytes32(uint256(1)))
            );
        }
        vm.assertEq(passer.messageNonce(), stock.messageNonce());
    }

    function test_refusesValue() public {
        vm.deal(address(this), 2 ether);
        vm.expectRevert(L2ToL1MessagePasser.ValueNotAllowed.selector);
        passer.initiateWithdrawal{value: 1}(address(1), 0, "");
        (bool success,) = address(passer).call{value: 1}("");
        vm.assertFalse(success);
    }
}
