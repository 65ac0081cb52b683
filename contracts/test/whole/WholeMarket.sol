// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditCases} from "../../src/interfaces/protocol/IAuditCases.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {REWARD_SPLITTER} from "../../src/protocol/Precompiles.sol";
import {ContributionId, RequestId} from "../../src/protocol/Types.sol";
import {ClaimLies} from "../protocol/ClaimLies.sol";
import {WholeData} from "./WholeData.sol";

/// @notice Questions, answers true and false in every way, and settlements that pay what the rates say, to the wei.
abstract contract WholeMarket is WholeData, ClaimLies {
    mapping(RequestId requestId => Lie) internal lies;
    uint256 public settled;

    function ask(uint256 who, uint256 amount) external step("ask") {
        _ask(who, bound(amount, 1 ether, 5 ether));
    }

    function answer(uint256 seed) external step("answer") {
        _answer(_requested(seed), seed);
    }

    /// @dev What has no form is no claim: a gain where there are no spans, rows out of order or of no index, a floor that does not follow.
    function answerWithoutForm(uint256 seed) external step("answerWithoutForm") {
        exact(true);
        Claim memory claim = claimOf(modelId, _requested(seed), fixture);
        bytes memory query = fixture.query();
        deform(claim, seed);
        vm.prank(host);
        try market.claim{value: BOND}(claim, query) {
            expect(false, "a claim without form was posted");
        } catch {}
    }

    /// @dev It takes of nobody: what the payer gives it has given when it asked.
    function settleOne(uint256 seed) external step("settleOne") {
        exact(true);
        RequestId id = _claimed(seed);
        IInferenceMarket.Request memory order = market.getRequest(id);
        if (block.timestamp <= order.deadline && seed % 8 != 0) vm.warp(order.deadline + 1);
        Claim memory claim = claimFor(id);
        recordSeed(order.seedBlock);
        bool isClear = audits.caseOf(id).isUpheld || audits.causeOf(claim) == IAuditCases.Cause.None;
        bool isDue = block.timestamp > order.deadline && isClear;
        if (isDue) _nameShares(order, claim);
        Claim[] memory claims = new Claim[](1);
        claims[0] = claim;
        try market.settle(claims) {
            expect(isDue, "settled what was not due");
            settled++;
        } catch {
            expect(!isDue, "a due claim did not settle");
        }
    }

    function cancel(uint256 seed) external step("cancel") {
        exact(true);
        RequestId id = _requested(seed);
        vm.warp(market.getRequest(id).deadline + 1);
        _cancel(id);
    }

    function collect(uint256 seed) external step("collect") {
        exact(true);
        RequestId id = RequestId.wrap(1 + seed % market.requestCount());
        vm.roll(block.number + 5);
        IInferenceMarket.Refutation memory found = market.refutationOf(id);
        gains(found.challenger, found.reward);
        try market.collect(id) {
            expect(found.reward > 0, "a reward was paid twice");
        } catch {
            expect(found.reward == 0, "a reward was not paid");
        }
        bool isOver = market.getRequest(id).status != IInferenceMarket.Status.Claimed;
        if (isOver) gains(demands.demandOf(id).by, demands.demandOf(id).deposit);
        try demands.returnDeposit(id) {} catch {}
    }

    function hostClaims(RequestId id) internal {
        Claim memory claim = claimFor(id);
        bytes memory query = lies[id] == Lie.Withheld ? bytes("") : fixture.query();
        // A host whose stake does not cover it brings more.
        if (hosts.hostOf(host).amount < 20 ether) {
            vm.startPrank(host);
            hosts.stake{value: 20 ether}();
            hosts.setLimits(1 ether, 100);
            vm.stopPrank();
        }
        by(host, BOND);
        market.claim{value: BOND}(claim, query);
    }

    function claimFor(RequestId id) internal view returns (Claim memory claim) {
        return falsified(fixture, claimOf(modelId, id, fixture), lies[id]);
    }

    /// @dev What the verifier of lists refuses.
    function deform(Claim memory claim, uint256 seed) internal pure {
        (uint32[] memory rows, int64[] memory scores) = (claim.list.rowIds, claim.list.scores);
        if (seed % 5 == 4) {
            claim.context = deformedContext(contextOf(claim, seed >> 8), (seed >> 64) % CONTEXT_LIES);
        }
        if (seed % 4 == 0) claim.list.gains[(seed >> 8) % rows.length] -= 1;
        if (seed % 4 == 1) {
            (rows[0], rows[1]) = (rows[1], rows[0]);
            (scores[0], scores[1]) = (scores[1], scores[0]);
        }
        if (seed % 4 == 2) rows[0] = 1 << 20;
        if (seed % 4 == 3) claim.list.floor += 1;
    }

    /// @dev A question that waits; a new one where none does.
    function _requested(uint256 seed) internal returns (RequestId id) {
        id = _pick(seed, IInferenceMarket.Status.Requested);
        if (RequestId.unwrap(id) == 0) return _ask(seed, 2 ether);
        if (block.timestamp <= market.getRequest(id).deadline) return id;
        _cancel(id);
        return _ask(seed, 2 ether);
    }

    /// @dev A claim that is open; a new one where none is.
    function _claimed(uint256 seed) internal returns (RequestId id) {
        id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) != 0) return id;
        id = _ask(seed, 2 ether);
        _answer(id, seed);
    }

    /// @dev A claim whose window is open; a new one where the one that was picked is older.
    function _fresh(uint256 seed) internal returns (RequestId id) {
        id = _claimed(seed);
        if (block.timestamp <= market.getRequest(id).deadline) return id;
        id = _ask(seed, 2 ether);
        _answer(id, seed);
    }

    /// @dev Two of three are true.
    function _answer(RequestId id, uint256 seed) internal {
        if ((seed >> 16) % 3 == 0) lies[id] = Lie(1 + (seed >> 24) % 9);
        hostClaims(id);
    }

    function _ask(uint256 who, uint256 amount) internal returns (RequestId) {
        by(person(who), amount);
        return market.request{value: amount}(modelId, host, keccak256("request"), 100, 50);
    }

    function _cancel(RequestId id) private {
        gains(market.getRequest(id).payer, market.getRequest(id).escrow);
        market.cancel(id);
    }

    /// @dev A request in that state, the first from a random place on; 0 if there is none.
    function _pick(uint256 seed, IInferenceMarket.Status status) private view returns (RequestId id) {
        uint256 count = market.requestCount();
        for (uint256 i = 0; i < count; i++) {
            id = RequestId.wrap(1 + ((seed % count) + i) % count);
            if (market.getRequest(id).status == status) return id;
        }
        return RequestId.wrap(0);
    }

    /// @dev What each has of a fee by the default split, written from its definition.
    function sharesOf(Claim memory claim) internal view returns (IInferenceMarket.Payout memory shares) {
        uint256 net = netOf(claim);
        shares.platform = feeOf(net) - net;
        (shares.owner, shares.host, shares.stakers) = (net / 5, net / 5, net / 10);
        uint256 part = net - shares.owner - shares.host - shares.stakers;
        shares.context = part * claim.context.partBps / 10_000;
        part -= shares.context;
        if (claim.list.weights.length > 0) shares.contributors = part * claim.earnedBps / 10_000;
        shares.pools = part - shares.contributors;
        if (staking.totalStake(modelId) > 0) return shares;
        (shares.owner, shares.stakers) = (shares.owner + shares.stakers, 0);
    }

    function _nameShares(IInferenceMarket.Request memory order, Claim memory claim) private {
        IInferenceMarket.Payout memory shares = sharesOf(claim);
        gains(order.payer, order.escrow - feeOf(netOf(claim)));
        gains(builder, shares.owner);
        gains(host, shares.host + order.bond);
        gains(address(feeTreasury), shares.platform);
        gains(address(pools), shares.pools);
        gains(address(staking), shares.stakers);
        _nameParts(shares.contributors, claim.list.contributionIds, claim.list.weights);
        _nameParts(shares.context, claim.context.contributionIds, claim.context.weights);
    }

    function _nameParts(uint256 amount, uint64[] memory ids, uint256[] memory weights) private {
        if (amount == 0) return;
        uint256[] memory parts = REWARD_SPLITTER.split(amount, weights);
        for (uint256 i = 0; i < parts.length; i++) {
            gains(ledger.payeeOf(ContributionId.wrap(ids[i])), parts[i]);
        }
    }
}
