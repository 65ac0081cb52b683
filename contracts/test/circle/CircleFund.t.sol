// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CircleFund, FundRules} from "../../src/circle/CircleFund.sol";
import {CirclePrice} from "../../src/circle/CirclePrice.sol";
import {Focus, GrantId} from "../../src/circle/CircleTypes.sol";
import {ICircleFund} from "../../src/interfaces/circle/ICircleFund.sol";
import {CircleFixture} from "./CircleFixture.sol";

contract CircleFundTest is CircleFixture {
    GrantId private constant GRANT = GrantId.wrap(1);

    function setUp() public {
        _deployCircle();
    }

    function _setPrice(uint128 price) private {
        vm.prank(governance);
        fund.setPrice(price);
    }

    function test_aPriceMovesByOneBoundedStepAWeek() public {
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(CirclePrice.PriceTooSoon.selector, START + 7 days));
        fund.setPrice(DOLLAR);
        vm.warp(START + 7 days);
        vm.startPrank(governance);
        for (uint256 i = 0; i < 2; i++) {
            uint128 bad = i == 0 ? DOLLAR * 5 / 4 + 1 : DOLLAR * 3 / 4 - 1;
            vm.expectRevert(
                abi.encodeWithSelector(
                    CirclePrice.PriceStepTooLarge.selector, bad, DOLLAR * 3 / 4, DOLLAR * 5 / 4
                )
            );
            fund.setPrice(bad);
        }
        fund.setPrice(DOLLAR * 5 / 4);
        vm.stopPrank();
        vm.assertEq(fund.amountOf(50_000), 40_000 ether);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        fund.setPrice(DOLLAR);
    }

    function test_anOldPriceStopsApprovals() public {
        _fundAll();
        vm.warp(START + 14 days);
        vm.prank(address(circle));
        fund.commit(GRANT, Focus.VerticalData, 25_000);
        vm.warp(START + 14 days + 1);
        vm.prank(address(circle));
        vm.expectRevert(abi.encodeWithSelector(CirclePrice.PriceTooOld.selector, START + 14 days));
        fund.commit(GRANT, Focus.VerticalData, 25_000);
        _setPrice(DOLLAR);
        vm.prank(address(circle));
        fund.commit(GRANT, Focus.VerticalData, 25_000);
    }

    function test_budgetsAreWithinTheFundInDollarsAndInOpen() public {
        _fund(100 ether);
        vm.startPrank(governance);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.FundUsdExceeded.selector, 25_000_001, 25_000_000));
        fund.setBudget(3, Focus.WalletAgents, 25_000_001, 100 ether);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.CapAboveFunded.selector, 100 ether + 1, 100 ether));
        fund.setBudget(3, Focus.WalletAgents, 1, 100 ether + 1);
        fund.setBudget(3, Focus.WalletAgents, 20_000_000, 60 ether);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.FundUsdExceeded.selector, 25_000_001, 25_000_000));
        fund.setBudget(4, Focus.VerticalData, 5_000_001, 0);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.CapAboveFunded.selector, 100 ether + 1, 100 ether));
        fund.setBudget(4, Focus.VerticalData, 0, 40 ether + 1);
        // What one gives up another can have.
        fund.setBudget(3, Focus.WalletAgents, 0, 0);
        fund.setBudget(4, Focus.VerticalData, 25_000_000, 100 ether);
        vm.stopPrank();
        vm.assertEq(fund.capped(), 100 ether);
        vm.assertEq(fund.budgetedUsd(), 25_000_000);
    }

    function test_aGrantTakesFromTheQuarterAndFocusInWhichItIsApproved() public {
        _fund(1_000_000 ether);
        _budget(0, Focus.GamingGeneration, 60_000, 100_000 ether);
        _budget(1, Focus.GamingGeneration, 500_000, 40_000 ether);
        vm.startPrank(address(circle));
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.BudgetUsdExceeded.selector, 25_000, 0));
        fund.commit(GRANT, Focus.WalletAgents, 25_000);
        fund.commit(GRANT, Focus.GamingGeneration, 40_000);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.BudgetUsdExceeded.selector, 25_000, 20_000));
        fund.commit(GRANT, Focus.GamingGeneration, 25_000);
        vm.stopPrank();
        vm.warp(START + QUARTER);
        _setPrice(DOLLAR);
        vm.startPrank(address(circle));
        vm.expectRevert(
            abi.encodeWithSelector(ICircleFund.BudgetCapExceeded.selector, 50_000 ether, 40_000 ether)
        );
        fund.commit(GRANT, Focus.GamingGeneration, 50_000);
        (uint32 quarter, uint128 amount) = fund.commit(GRANT, Focus.GamingGeneration, 40_000);
        vm.stopPrank();
        vm.assertEq(quarter, 1);
        vm.assertEq(amount, 40_000 ether);
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.BudgetInUse.selector, 40_000, 40_000 ether));
        fund.setBudget(1, Focus.GamingGeneration, 500_000, 40_000 ether - 1);
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.BudgetInUse.selector, 40_000, 40_000 ether));
        fund.setBudget(1, Focus.GamingGeneration, 39_999, 40_000 ether);
    }

    function test_onlyWhatNoBudgetHasGoesBackToTheTreasury() public {
        _fund(100 ether);
        _budget(0, Focus.VerticalData, 100, 60 ether);
        vm.startPrank(governance);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.NotSpare.selector, 40 ether + 1, 40 ether));
        fund.giveBack(40 ether + 1);
        fund.giveBack(40 ether);
        vm.stopPrank();
        vm.assertEq(balances.balanceOf(treasury), 40 ether);
        vm.assertEq(address(fund).balance, 60 ether);
        vm.assertEq(fund.held(), 60 ether);
    }

    function test_othersCanNotMoveIt() public {
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.NotCircle.selector, address(this)));
        fund.commit(GRANT, Focus.VerticalData, 25_000);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.NotCircle.selector, address(this)));
        fund.release(GRANT, 0, Focus.VerticalData, address(this), 0);
        vm.expectRevert(abi.encodeWithSelector(ICircleFund.NotCircle.selector, address(this)));
        fund.free(GRANT, 0, Focus.VerticalData, 0, 0);
        bytes memory unauthorized =
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this));
        vm.expectRevert(unauthorized);
        fund.giveBack(0);
        vm.expectRevert(unauthorized);
        fund.setBudget(0, Focus.VerticalData, 0, 0);
        vm.expectRevert(ICircleFund.FundEmpty.selector);
        fund.fund();
    }

    function test_refusesRulesThatMakeNoSense() public {
        FundRules memory rules = FundRules({quarter: 1, pricePeriod: 7 days, priceAgeMax: 7 days - 1});
        vm.expectRevert(
            abi.encodeWithSelector(CirclePrice.PricePeriods.selector, uint64(7 days), uint64(7 days - 1))
        );
        new CircleFund(governance, parameters, balances, address(circle), 1, rules);
        rules.priceAgeMax = 7 days;
        vm.expectRevert(CirclePrice.PriceZero.selector);
        new CircleFund(governance, parameters, balances, address(circle), 0, rules);
        rules.quarter = 0;
        vm.expectRevert(CircleFund.QuarterZero.selector);
        new CircleFund(governance, parameters, balances, address(circle), 1, rules);
    }

    /// @dev Whatever is promised, paid and freed at whatever prices: never more than a budget, and the books are the balance.
    function testFuzz_neverMoreThanABudget(uint256 seed) public {
        _fund(1_000_000 ether);
        _budget(0, Focus.VerticalData, 10_000_000, 700_000 ether);
        uint256 paid = 0;
        for (uint256 i = 0; i < 12; i++) {
            seed = uint256(keccak256(abi.encode(seed, i)));
            uint64 usd = uint64(bound(seed, 25_000, 500_000));
            if (seed % 3 == 0) {
                vm.warp(fund.pricedAt() + 7 days);
                uint128 step = fund.price() / 4;
                _setPrice(uint128(bound(seed >> 64, fund.price() - step, fund.price() + step)));
                if (fund.currentQuarter() > 0) return;
            }
            vm.startPrank(address(circle));
            try fund.commit(GRANT, Focus.VerticalData, usd) returns (uint32 quarter, uint128 amount) {
                uint128 part = uint128(bound(seed >> 128, 0, amount));
                fund.release(GRANT, quarter, Focus.VerticalData, payee, part);
                paid += part;
                if (seed % 2 == 0) fund.free(GRANT, quarter, Focus.VerticalData, 0, amount - part);
            } catch {}
            vm.stopPrank();
            ICircleFund.Budget memory budget = fund.budgetOf(0, Focus.VerticalData);
            vm.assertLe(uint256(budget.committed) + budget.released, budget.cap);
            vm.assertEq(budget.committed, fund.committed());
            vm.assertEq(fund.released(), paid);
            vm.assertEq(address(fund).balance, fund.held());
            vm.assertEq(balances.balanceOf(payee), paid);
        }
    }
}
