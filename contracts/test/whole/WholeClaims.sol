// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaimDemands} from "../../src/interfaces/protocol/IClaimDemands.sol";
import {IDisputes} from "../../src/interfaces/protocol/IDisputes.sol";
import {IHostStakes} from "../../src/interfaces/protocol/IHostStakes.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {IModelStaking} from "../../src/interfaces/protocol/IModelStaking.sol";
import {Parameters} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {BPS, DisputeId, RequestId} from "../../src/protocol/Types.sol";
import {WholeMarket} from "./WholeMarket.sol";

/// @notice What ends a claim otherwise than by settlement: counter-examples, silence, panels; and what each has of it, to the wei.
abstract contract WholeClaims is WholeMarket {
    uint256 public refuted;

    /// @dev The right counter-example refutes a lie of arithmetic in its time, and no other claim.
    function challengeClaim(uint256 seed) external step("challengeClaim") {
        exact(true);
        RequestId id = seed % 8 == 0 ? _claimed(seed) : _fresh(seed);
        Claim memory claim = claimFor(id);
        bool isLie = lies[id] != Lie.None && lies[id] < Lie.Withheld;
        bool isRight = isLie && block.timestamp <= market.getRequest(id).deadline;
        bytes memory call = counterExample(fixture, claim, lies[id], keccak256(abi.encode(block.number)));
        if (isRight) _nameRefutation(id);
        else loses(watcher, DEPOSIT);
        (bool ok,) = announced(watcher, address(challenges), call);
        expect(ok == isRight, ok ? "a true claim fell" : "a false claim stood");
        if (isRight) _expectRefuted(id, watcher);
    }

    /// @dev The host delivers or publishes, or lets the time for it pass.
    function demand(uint256 seed, bool answers) external step("demand") {
        exact(true);
        RequestId id = _fresh(seed);
        Claim memory claim = claimFor(id);
        bytes memory query = fixture.query();
        bool isQuery = lies[id] == Lie.Withheld;
        address asking = isQuery ? watcher : market.getRequest(id).payer;
        by(asking, DEPOSIT);
        if (isQuery) demands.demandQuery{value: DEPOSIT}(claim);
        else demands.demandDelivery{value: DEPOSIT}(claim, hex"04");
        if (!answers) return;
        gains(host, DEPOSIT);
        vm.prank(host);
        if (isQuery) demands.publishQuery(claim, query);
        else demands.deliver(claim, hex"c0ffee");
        // What it published can't be asked for again.
        if (isQuery) lies[id] = Lie.None;
    }

    /// @dev A silent host is slashed, with the model's stakers behind it; or pays twice what others would have had.
    function endSilence(uint256 seed) external step("endSilence") {
        exact(true);
        RequestId id = _claimed(seed);
        IClaimDemands.Demand memory open = demands.demandOf(id);
        if (block.timestamp <= open.deadline && seed % 4 != 0) vm.warp(uint256(open.deadline) + 1);
        bool isSilent = open.kind != IClaimDemands.Kind.None && block.timestamp > open.deadline;
        if (isSilent) {
            gains(open.by, open.deposit);
            open.kind == IClaimDemands.Kind.Query ? _nameRefutation(id) : _nameCharge(id);
        }
        try demands.endSilent(claimFor(id)) {
            expect(isSilent, "ended without silence");
            if (open.kind == IClaimDemands.Kind.Query) _expectRefuted(id, open.by);
        } catch {
            expect(!isSilent, "silence did not end a claim");
        }
    }

    /// @dev A dispute to its end: verifiers find what came out, if the host shows it.
    function disputeClaim(uint256 seed, bool shows) external step("disputeClaim") {
        exact(true);
        RequestId id = _fresh(seed);
        Claim memory claim = claimFor(id);
        by(watcher, PANEL_FEE);
        audits.dispute{value: PANEL_FEE}(claim);
        _judge(id, claim, shows, seed);
    }

    function auditClaim(uint256 seed, bool shows) external step("auditClaim") {
        exact(true);
        RequestId id = _claimed(seed);
        Claim memory claim = claimFor(id);
        uint256 deadline = market.getRequest(id).deadline;
        if (block.timestamp <= deadline) vm.warp(deadline + 1);
        recordSeed(market.getRequest(id).seedBlock);
        audits.audit(claim);
        _judge(id, claim, shows, seed);
    }

    /// @dev Its claims were asked for when few were audited. While all are, their cover is small, and it takes out the rest: a later slash finds
    /// less than it takes.
    function thinHost(uint256 seed) external step("thinHost") {
        exact(true);
        _claimed(seed);
        Parameters memory usual = parameters.parameters();
        Parameters memory audited = parameters.parameters();
        audited.auditBps = uint16(BPS);
        vm.prank(governor);
        parameters.setParameters(audited);
        IHostStakes.Host memory now_ = hosts.hostOf(host);
        vm.startPrank(host);
        hosts.unstake(uint128(now_.amount - now_.leaving - hosts.coverOf(now_.openFees, now_.maxFee)));
        vm.warp(hosts.hostOf(host).leavesAt);
        hosts.withdraw();
        vm.stopPrank();
        vm.prank(governor);
        parameters.setParameters(usual);
    }

    /// @dev Now and then the first panel is bought; then somebody goes to the next one.
    function _judge(RequestId id, Claim memory claim, bool shows, uint256 seed) private {
        DisputeId dispute = audits.caseOf(id).disputeId;
        address opener = audits.caseOf(id).opener;
        bool isHidden = lies[id] == Lie.Hidden;
        if (!shows) {
            recordSeed(disputes.getDispute(dispute).seedBlock);
            disputes.draw(dispute);
            vm.warp(block.timestamp + WINDOW + 1);
            gains(opener, disputes.getDispute(dispute).pot);
            _nameRefutation(id);
            audits.endSilent(claim);
            return _expectRefuted(id, opener);
        }
        bytes32 truth = audits.valueOf(claimOf(modelId, id, fixture));
        if (seed % 4 == 0 && _hear(claim, dispute, isHidden ? audits.valueOf(claim) : bytes32("bought"))) {
            by(bob, PANEL_FEE);
            audits.appeal{value: PANEL_FEE}(claim);
            if (isHidden) opener = bob;
        }
        while (disputes.getDispute(dispute).status == IDisputes.Status.Opened) {
            _hear(claim, dispute, truth);
        }
        vm.warp(block.timestamp + WINDOW + 1);
        if (isHidden) _nameRefutation(id);
        audits.conclude(claim);
        bool stands = audits.caseOf(id).isUpheld;
        expect(stands != isHidden, stands ? "a lie was upheld" : "a true claim was convicted");
        if (!stands) _expectRefuted(id, opener);
    }

    /// @dev The next panel sees the evidence and finds `value`, if the three have seats enough.
    function _hear(Claim memory claim, DisputeId id, bytes32 value) private returns (bool isDecided) {
        recordSeed(disputes.getDispute(id).seedBlock);
        disputes.draw(id);
        vm.prank(host);
        audits.giveEvidence(claim, "evidence");
        vote(id, [value, value, value]);
        return disputes.getDispute(id).status == IDisputes.Status.Decided;
    }

    /// @dev The payer has all back. Of bond and slashed stake half waits for who showed it, a quarter each is the pools' and the treasury's;
    /// what the stake does not reach the model's stakers lose to the pools, at most the fee and half of what they have.
    function _nameRefutation(RequestId id) private {
        IInferenceMarket.Request memory order = market.getRequest(id);
        uint256 cover = (order.fee + uint256(order.fee) * 10_000 / AUDIT_BPS) * 22 / 10;
        uint256 taken = hosts.hostOf(host).amount;
        uint256 missing = cover > taken ? cover - taken : 0;
        if (cover < taken) taken = cover;
        uint256 rest = taken + order.bond - (taken + order.bond) / 2;
        loses(host, taken);
        gains(order.payer, order.escrow);
        gains(address(feeTreasury), rest - rest / 2);
        gains(address(pools), rest / 2);
        if (missing > 0) _nameStakersLoss(missing < order.fee ? missing : order.fee);
    }

    /// @dev Each loses its share. Where they have less than twice of what is asked, it is not known here to the wei.
    function _nameStakersLoss(uint256 lost) private {
        uint256[5] memory worth;
        uint256 all = 0;
        for (uint256 i = 0; i < 5; i++) {
            IModelStaking.Position memory position = staking.positionOf(modelId, person(i));
            worth[i] = position.amount + position.waiting + position.leaving;
            all += worth[i];
        }
        if (all == 0) return;
        if (lost > all / 2) {
            exact(false);
            lost = all / 2;
        }
        loses(address(staking), lost);
        gains(address(pools), lost);
        for (uint256 i = 0; i < 5; i++) {
            loses(person(i), worth[i] * lost / all);
        }
    }

    function _nameCharge(RequestId id) private {
        IInferenceMarket.Request memory order = market.getRequest(id);
        IInferenceMarket.Payout memory shares = sharesOf(claimFor(id));
        uint256 part =
            2 * (shares.contributors + shares.context + shares.pools + shares.stakers + shares.platform);
        uint256 has = hosts.hostOf(host).amount;
        if (part > has) part = has;
        loses(host, part);
        gains(order.payer, order.escrow);
        gains(address(pools), order.bond + part);
    }

    function _expectRefuted(RequestId id, address by_) private {
        IInferenceMarket.Request memory order = market.getRequest(id);
        IInferenceMarket.Refutation memory found = market.refutationOf(id);
        expect(order.status == IInferenceMarket.Status.Refuted, "a refuted claim goes on");
        expect(found.challenger == by_, "another has the reward");
        refuted++;
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
}
