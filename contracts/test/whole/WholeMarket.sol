// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAuditCases} from "../../src/interfaces/protocol/IAuditCases.sol";
import {IClaimDemands} from "../../src/interfaces/protocol/IClaimDemands.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {DisputeId, RequestId} from "../../src/protocol/Types.sol";
import {WholeData} from "./WholeData.sol";

/// @notice Questions, answers true and false, demands, disputes, panels and settlements.
abstract contract WholeMarket is WholeData {
    /// @dev Its tokens are not what the model said: panels find that out, and nobody else.
    mapping(RequestId requestId => bool) internal lies;
    uint256 public settled;
    uint256 public refuted;

    function ask(uint256 who, uint256 amount) external step("ask") {
        _ask(who, bound(amount, 1 ether, 5 ether));
    }

    function answer(uint256 seed) external step("answer") {
        _answer(_requested(seed), seed);
    }

    /// @dev The host delivers, or lets the time for it pass.
    function demand(uint256 seed, bool delivers) external step("demand") {
        Claim memory claim = claimFor(_fresh(seed));
        address asking = market.getRequest(claim.requestId).payer;
        // What an agent's account pays its owner has no more.
        loses(asking == address(account) ? owner : asking, DEPOSIT);
        vm.prank(asking);
        demands.demandDelivery{value: DEPOSIT}(claim, hex"04");
        if (!delivers) return;
        vm.prank(host);
        demands.deliver(claim, hex"c0ffee");
    }

    /// @dev A silent host is slashed, with the model's stakers behind it.
    function endSilence(uint256 seed) external step("endSilence") {
        RequestId id = _claimed(seed);
        IClaimDemands.Demand memory open = demands.demandOf(id);
        bool isSilent = open.kind != IClaimDemands.Kind.None && block.timestamp > open.deadline;
        _hostMayLose(id);
        try demands.endSilent(claimFor(id)) {
            expect(isSilent, "ended without silence");
            refuted++;
        } catch {
            expect(!isSilent, "silence did not end a claim");
        }
    }

    /// @dev A dispute to its end: verifiers find what came out, if the host shows it.
    function disputeClaim(uint256 seed, bool shows) external step("disputeClaim") {
        RequestId id = _fresh(seed);
        Claim memory claim = claimFor(id);
        by(watcher, PANEL_FEE);
        audits.dispute{value: PANEL_FEE}(claim);
        _judge(id, claim, shows);
    }

    function auditClaim(uint256 seed, bool shows) external step("auditClaim") {
        RequestId id = _claimed(seed);
        Claim memory claim = claimFor(id);
        uint256 deadline = market.getRequest(id).deadline;
        if (block.timestamp <= deadline) vm.warp(deadline + 1);
        recordSeed(market.getRequest(id).seedBlock);
        audits.audit(claim);
        _judge(id, claim, shows);
    }

    /// @dev It takes of nobody: what the payer gives it has given when it asked.
    function settleOne(uint256 seed) external step("settleOne") {
        RequestId id = _claimed(seed);
        uint256 deadline = market.getRequest(id).deadline;
        if (block.timestamp <= deadline && seed % 2 == 0) vm.warp(deadline + 1);
        settle(claimFor(id));
        settled++;
    }

    function cancel(uint256 seed) external step("cancel") {
        RequestId id = _requested(seed);
        vm.warp(market.getRequest(id).deadline + 1);
        market.cancel(id);
    }

    function collect(uint256 seed) external step("collect") {
        RequestId id = RequestId.wrap(1 + seed % market.requestCount());
        vm.roll(block.number + 5);
        try market.collect(id) {} catch {}
        try demands.returnDeposit(id) {} catch {}
    }

    function hostClaims(RequestId id) internal {
        (Claim memory claim, bytes memory query) = (claimFor(id), fixture.query());
        by(host, BOND);
        market.claim{value: BOND}(claim, query);
    }

    function claimFor(RequestId id) internal view returns (Claim memory claim) {
        claim = claimOf(modelId, id, fixture);
        if (lies[id]) claim.outputHash = keccak256("made up");
    }

    function _ask(uint256 who, uint256 amount) private returns (RequestId) {
        by(person(who), amount);
        return market.request{value: amount}(modelId, host, keccak256("request"), 100, 50);
    }

    function _answer(RequestId id, uint256 seed) private {
        lies[id] = seed % 4 == 0;
        hostClaims(id);
    }

    /// @dev A question that waits; a new one where none does.
    function _requested(uint256 seed) private returns (RequestId id) {
        id = _pick(seed, IInferenceMarket.Status.Requested);
        if (RequestId.unwrap(id) == 0) return _ask(seed, 2 ether);
        if (block.timestamp <= market.getRequest(id).deadline) return id;
        market.cancel(id);
        return _ask(seed, 2 ether);
    }

    /// @dev A claim that is open; a new one where none is.
    function _claimed(uint256 seed) private returns (RequestId id) {
        id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) != 0) return id;
        id = _ask(seed, 2 ether);
        _answer(id, seed);
    }

    /// @dev A claim whose window is open; a new one where the one that was picked is older.
    function _fresh(uint256 seed) private returns (RequestId id) {
        id = _claimed(seed);
        if (block.timestamp <= market.getRequest(id).deadline) return id;
        id = _ask(seed, 2 ether);
        _answer(id, seed);
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

    /// @notice What the market must hold: escrows and bonds of what is open, and rewards that nobody collected.
    function owedByMarket() internal view returns (uint256 owed) {
        for (uint256 i = 1; i <= market.requestCount(); i++) {
            RequestId id = RequestId.wrap(i);
            IInferenceMarket.Request memory order = market.getRequest(id);
            if (order.status == IInferenceMarket.Status.Requested) owed += order.escrow;
            if (order.status == IInferenceMarket.Status.Claimed) owed += order.escrow + order.bond;
            owed += market.refutationOf(id).reward;
        }
    }

    function owedByDemands() internal view returns (uint256 owed) {
        for (uint256 i = 1; i <= market.requestCount(); i++) {
            owed += demands.demandOf(RequestId.wrap(i)).deposit;
        }
    }

    function _judge(RequestId id, Claim memory claim, bool shows) private {
        DisputeId dispute = audits.caseOf(id).disputeId;
        _hostMayLose(id);
        if (!shows) {
            recordSeed(disputes.getDispute(dispute).seedBlock);
            disputes.draw(dispute);
            vm.warp(block.timestamp + WINDOW + 1);
            audits.endSilent(claim);
            refuted++;
            return;
        }
        recordSeed(disputes.getDispute(dispute).seedBlock);
        disputes.draw(dispute);
        vm.prank(host);
        audits.giveEvidence(claim, "evidence");
        decided(dispute, audits.valueOf(claimOf(modelId, id, fixture)));
        audits.conclude(claim);
        bool stands = audits.caseOf(id).isUpheld;
        expect(stands != lies[id], stands ? "a lie was upheld" : "a true claim was convicted");
        if (!stands) refuted++;
    }

    /// @dev What its stake covers of the claim: 2.2 times the fee where all are audited rarely.
    function _hostMayLose(RequestId id) private {
        uint256 fee = market.getRequest(id).fee;
        loses(host, hosts.coverOf(fee, fee));
    }
}
