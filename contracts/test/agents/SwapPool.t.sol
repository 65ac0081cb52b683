// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SwapPool} from "../../src/agents/SwapPool.sol";
import {Test} from "../lib/Test.sol";

contract SwapPoolTest is Test {
    uint256 private constant OPEN = 1_000 ether;
    uint256 private constant SUPPLY = 1_000_000 ether;

    SwapPool private pool;
    address private trader = address(0x7ADE);
    address private friend = address(0xF41E);

    function setUp() public {
        vm.deal(address(this), OPEN);
        pool = new SwapPool{value: OPEN}("Devnet dollar", "DUSD", SUPPLY);
    }

    function _buy(uint256 amount) private returns (uint256) {
        vm.deal(trader, amount);
        vm.prank(trader);
        return pool.buy{value: amount}(trader, 0);
    }

    function _product() private view returns (uint256) {
        return address(pool).balance * pool.balanceOf(address(pool));
    }

    function test_beginsWithBothCoins() public {
        vm.expectRevert(SwapPool.PoolEmpty.selector);
        new SwapPool("Devnet dollar", "DUSD", SUPPLY);
        vm.deal(address(this), 1);
        vm.expectRevert(SwapPool.PoolEmpty.selector);
        new SwapPool{value: 1}("Devnet dollar", "DUSD", 0);
        vm.assertEq(pool.totalSupply(), SUPPLY);
    }

    function test_aQuoteIsWhatASwapGivesAndOneBelowItIsRefused() public {
        uint256 quoted = pool.quote(5 ether, true);
        vm.deal(trader, 10 ether);
        vm.startPrank(trader);
        vm.expectRevert(abi.encodeWithSelector(SwapPool.OutBelow.selector, quoted, quoted + 1));
        pool.buy{value: 5 ether}(trader, quoted + 1);
        vm.expectEmit(address(pool));
        emit SwapPool.Swapped(trader, friend, 5 ether, 0, quoted);
        vm.assertEq(pool.buy{value: 5 ether}(friend, quoted), quoted);
        vm.stopPrank();
        vm.assertEq(pool.balanceOf(friend), quoted);
        uint256 back = pool.quote(quoted, false);
        vm.startPrank(friend);
        vm.expectRevert(abi.encodeWithSelector(SwapPool.OutBelow.selector, back, back + 1));
        pool.sell(friend, quoted, back + 1);
        vm.assertEq(pool.sell(trader, quoted, back), back);
        vm.stopPrank();
        vm.assertEq(trader.balance, 5 ether + back);
    }

    function test_nobodySellsWhatItHasNot() public {
        vm.prank(trader);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, trader, 0, 1 ether)
        );
        pool.sell(trader, 1 ether, 0);
        vm.assertEq(pool.quote(0, true), 0);
    }

    /// @dev There and back never pays, and the product of the reserves never falls.
    function testFuzz_thereAndBackCosts(uint256 amount) public {
        amount = bound(amount, 1, 1_000_000 ether);
        uint256 product = _product();
        uint256 got = _buy(amount);
        vm.assertGe(_product(), product);
        vm.prank(trader);
        uint256 back = pool.sell(trader, got, 0);
        vm.assertLe(back, amount);
        vm.assertGe(_product(), product);
        vm.assertEq(address(pool).balance, OPEN + amount - back, "money in is money out and held");
    }

    /// @dev Two halves bring no more than the whole.
    function testFuzz_splittingBringsNoMore(uint256 amount, uint256 part) public {
        amount = bound(amount, 2, 10_000 ether);
        part = bound(part, 1, amount - 1);
        uint256 whole = pool.quote(amount, true);
        uint256 got = _buy(part) + _buy(amount - part);
        // The fee of the first half stays in the pool and helps the second: never by more than the fee.
        vm.assertLe(got, whole + whole * 3 / 1_000 + 1);
    }
}
