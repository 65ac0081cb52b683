// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Focus, GrantId, PanelId, Tier} from "../../src/circle/CircleTypes.sol";
import {ICircleFund} from "../../src/interfaces/circle/ICircleFund.sol";
import {IOpenCircle} from "../../src/interfaces/circle/IOpenCircle.sol";
import {CircleFixture} from "./CircleFixture.sol";

/// @notice Everybody around OpenCircle, doing anything in any order: what the contracts refuse is reverted.
contract CircleActor is CircleFixture {
    /// @notice Wei that came from outside.
    uint256 public brought;

    constructor() {
        _deployCircle();
        brought = REVIEWERS * BOND;
        _fundAll();
        brought += 4_000_000 ether;
    }

    function _grant(uint256 seed) private view returns (GrantId) {
        uint256 count = circle.grantCount();
        return GrantId.wrap(count == 0 ? 0 : 1 + seed % count);
    }

    /// @dev Mostly one in a state of `first` or `second`; now and then any.
    function _grantIn(uint256 seed, IOpenCircle.Status first, IOpenCircle.Status second)
        private
        view
        returns (GrantId id)
    {
        uint256 count = circle.grantCount();
        for (uint256 i = 0; i < count && seed % 8 != 0; i++) {
            id = GrantId.wrap(1 + (seed % count + i) % count);
            IOpenCircle.Status status = circle.getGrant(id).status;
            if (status == first || status == second) return id;
        }
        return _grant(seed);
    }

    function pass(uint256 seed) external {
        vm.warp(block.timestamp + bound(seed, 1 hours, 12 days));
        if (block.timestamp <= fund.pricedAt() + 7 days) return;
        uint128 step = fund.price() / 4;
        uint128 next = uint128(bound(seed >> 64, fund.price() - step, fund.price() + step));
        vm.prank(governance);
        fund.setPrice(next);
    }

    function putIn(uint256 seed) external {
        uint256 amount = bound(seed, 1, 1_000_000 ether);
        _fund(amount);
        brought += amount;
    }

    function takeOut(uint256 seed) external {
        vm.prank(governance);
        fund.giveBack(bound(seed, 1, 200_000 ether));
    }

    function budget(uint256 seed) external {
        uint32 quarter = uint32(fund.currentQuarter() + seed % 2);
        uint64 usd = uint64(bound(seed >> 8, 500_000, 3_000_000));
        _budget(quarter, Focus(seed % 4), usd, uint128(bound(seed >> 80, 0, 4_000_000 ether)));
    }

    function ask(uint256 seed) external {
        Tier tier = Tier(seed % 3);
        (uint64 least, uint64 most) = circle.boundsOf(tier);
        brought += DEPOSIT + circle.panelPay(tier);
        _submit(tier, Focus((seed >> 8) % 4), uint64(bound(seed >> 16, least, most)));
    }

    /// @dev A whole panel: some reviewers are silent, some say no.
    function judge(uint256 seed) external {
        GrantId id = _grantIn(seed, IOpenCircle.Status.Applied, IOpenCircle.Status.Reported);
        (PanelId panelId, address[] memory drawn) = _draw(id);
        uint256 count = bound(seed >> 8, 0, drawn.length + 3);
        if (count > drawn.length) count = drawn.length;
        if (seed % 5 == 0) {
            vm.prank(drawn[0]);
            panels.recuse(panelId, "conflict");
            return;
        }
        _vote(panelId, drawn, count, seed % 7 == 0 ? 0 : seed % 7 == 1 ? 30 : 80);
        if (seed % 4 != 1) circle.decide(id);
    }

    function decide(uint256 seed) external {
        circle.decide(_grantIn(seed, IOpenCircle.Status.Reported, IOpenCircle.Status.ClawedBack));
    }

    function approve(uint256 seed) external {
        GrantId id = _grantIn(seed, IOpenCircle.Status.Judged, IOpenCircle.Status.Judged);
        if (seed % 4 != 3) _confirmPrice();
        if (circle.getGrant(id).tier == Tier.Expansion && seed % 2 == 0) {
            vm.prank(governance);
            circle.endorse(id);
        }
        circle.approve(id);
    }

    function report(uint256 seed) external {
        GrantId id = _grantIn(seed, IOpenCircle.Status.Active, IOpenCircle.Status.Active);
        brought += circle.panelPay(circle.getGrant(id).tier);
        _report(id);
    }

    function lapse(uint256 seed) external {
        circle.lapse(_grantIn(seed, IOpenCircle.Status.Active, IOpenCircle.Status.Judged));
    }

    function lapseReport(uint256 seed) external {
        circle.lapse(_grantIn(seed, IOpenCircle.Status.Reported, IOpenCircle.Status.Reported));
    }

    /// @dev Sometimes so many that no panel can be drawn.
    function conflicts(uint256 seed) external {
        if (seed % 6 != 0) return;
        GrantId id = _grantIn(seed >> 8, IOpenCircle.Status.Reported, IOpenCircle.Status.Applied);
        for (uint256 i = 0; i < 5; i++) {
            vm.prank(people[i]);
            reviewers.declareConflict(id, "conflict");
        }
    }

    /// @notice Whatever happened, a report ends: by its panel, or without one.
    function endReports() external {
        for (uint256 i = 1; i <= circle.grantCount(); i++) {
            GrantId id = GrantId.wrap(i);
            if (circle.getGrant(id).status != IOpenCircle.Status.Reported) continue;
            vm.warp(block.timestamp + 100 days);
            try circle.decide(id) {} catch {}
            if (circle.getGrant(id).status == IOpenCircle.Status.Reported) circle.lapse(id);
        }
    }

    function clawBack(uint256 seed) external {
        if (seed % 6 != 0) return;
        GrantId id = _grantIn(seed >> 8, IOpenCircle.Status.Active, IOpenCircle.Status.Reported);
        vm.prank(governance);
        circle.clawBack(id, "fraud");
    }

    function takeBack(uint256 seed) external {
        if (seed % 6 != 0) return;
        GrantId id = _grant(seed >> 8);
        vm.prank(applicant);
        circle.withdraw(id);
    }

    /// @dev Reviewers fill up their bonds, leave, take them out, come again.
    function reviewer(uint256 seed) external {
        address who = people[seed % people.length];
        if (seed % 15 == 4) {
            vm.prank(who);
            reviewers.resign();
            return;
        }
        if (seed % 15 == 3) {
            vm.prank(who);
            reviewers.withdrawBond();
            return;
        }
        vm.prank(governance);
        reviewers.admit(who, (seed >> 8) % REVIEWERS);
        uint256 missing = BOND - reviewers.reviewerOf(who).bond;
        if (missing == 0) return;
        brought += missing;
        vm.deal(who, missing);
        vm.prank(who);
        reviewers.join{value: missing}();
    }

    /// @notice Wei in all contracts.
    function worth() external view returns (uint256) {
        return address(fund).balance + address(reviewers).balance + address(panels).balance
            + address(circle).balance + address(balances).balance;
    }

    /// @notice Empty, or what does not hold.
    function broken() external view returns (string memory) {
        if (address(fund).balance != fund.held()) return "fund";
        if (address(reviewers).balance != reviewers.held()) return "reviewers";
        if (address(panels).balance != panels.held()) return "panels";
        if (address(circle).balance != circle.held()) return "circle";
        if (fund.committed() + fund.released() > fund.funded()) return "committed and released";
        if (fund.capped() > fund.funded() || fund.budgetedUsd() > fund.FUND_USD()) return "budgets";
        return _brokenSums();
    }

    function _brokenSums() private view returns (string memory) {
        (uint256 capped, uint256 committed, uint256 released) = (0, 0, 0);
        for (uint32 quarter = 0; quarter <= fund.currentQuarter() + 1; quarter++) {
            for (uint256 focus = 0; focus < 4; focus++) {
                ICircleFund.Budget memory one = fund.budgetOf(quarter, Focus(focus));
                if (uint256(one.committed) + one.released > one.cap) return "a budget's cap";
                if (one.usdCommitted > one.usd) return "a budget's dollars";
                (capped, committed, released) =
                (capped + one.cap, committed + one.committed, released + one.released);
            }
        }
        if (capped != fund.capped()) return "caps";
        if (committed != fund.committed() || released != fund.released()) return "sums of budgets";
        return _brokenGrants(committed, released);
    }

    function _brokenGrants(uint256 committed, uint256 released) private view returns (string memory) {
        for (uint256 i = 1; i <= circle.grantCount(); i++) {
            IOpenCircle.Grant memory grant = circle.getGrant(GrantId.wrap(i));
            bool isOpen = grant.status == IOpenCircle.Status.Active
                || grant.status == IOpenCircle.Status.Reported || grant.status == IOpenCircle.Status.Done;
            if (grant.released > grant.amount) return "a grant got too much";
            if (isOpen) committed -= grant.amount - grant.released;
            released -= grant.released;
        }
        if (committed != 0 || released != 0) return "sums of grants";
        return "";
    }
}
