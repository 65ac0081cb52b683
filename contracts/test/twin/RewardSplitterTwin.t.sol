// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRewardSplitter} from "../../src/interfaces/IRewardSplitter.sol";
import {RewardSplitterTwin} from "../../src/twin/RewardSplitterTwin.sol";
import {Test} from "../lib/Test.sol";

contract RewardSplitterTwinTest is Test {
    RewardSplitterTwin internal splitter = new RewardSplitterTwin();

    function testFuzz_split_never_loses_a_wei(uint256 amount, uint128[] memory seeds) public view {
        vm.assume(seeds.length > 0);
        uint256 count = seeds.length > 64 ? 64 : seeds.length;
        uint256[] memory weights = new uint256[](count);
        uint256 total = 0;
        for (uint256 i = 0; i < count; i++) {
            weights[i] = seeds[i];
            total += weights[i];
        }
        vm.assume(total > 0);
        uint256[] memory parts = splitter.split(amount, weights);
        uint256 sum = 0;
        for (uint256 i = 0; i < count; i++) {
            sum += parts[i];
            if (weights[i] == 0) vm.assertEq(parts[i], 0);
        }
        vm.assertEq(sum, amount);
    }

    function testFuzz_pay_leaves_nothing_behind(uint96 amount, uint64 a, uint64 b) public {
        vm.assume(uint256(a) + b > 0);
        vm.deal(address(this), amount);
        address[] memory to = new address[](3);
        (to[0], to[1], to[2]) = (makeAddr("a"), address(this), makeAddr("a"));
        uint256[] memory weights = new uint256[](3);
        (weights[0], weights[1], weights[2]) = (a, b, a);
        splitter.pay{value: amount}(to, weights);
        vm.assertEq(address(splitter).balance, 0);
        vm.assertEq(to[0].balance + address(this).balance, amount);
    }

    function test_refusals() public {
        uint256[] memory weights = new uint256[](2);
        vm.expectRevert(IRewardSplitter.ZeroTotal.selector);
        splitter.split(1, weights);
        (weights[0], weights[1]) = (type(uint256).max, 1);
        vm.expectRevert(IRewardSplitter.TotalOverflow.selector);
        splitter.split(1, weights);
        vm.expectRevert(abi.encodeWithSelector(IRewardSplitter.ListLength.selector, 257, 256));
        splitter.split(1, new uint256[](257));
        vm.expectRevert(abi.encodeWithSelector(IRewardSplitter.LengthMismatch.selector, 1, 2));
        splitter.pay(new address[](1), weights);
    }
}
