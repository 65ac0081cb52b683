// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessTerms} from "../../src/interfaces/protocol/IDataAccess.sol";
import {IDatanetRegistry} from "../../src/interfaces/protocol/IDatanetRegistry.sol";
import {IReviewers} from "../../src/interfaces/protocol/IReviewers.sol";
import {IStakeLosses} from "../../src/interfaces/protocol/IStakeLosses.sol";
import {ModelDocument} from "../../src/protocol/ModelLedger.sol";
import {
    ContributionId,
    DatanetId,
    DisputeId,
    ModelId,
    Parent,
    SnapshotRef
} from "../../src/protocol/Types.sol";
import {WholePanels} from "./WholePanels.sol";

/// @notice Contributions, votes, reviewers, access to data, models made from models, and what pools and purses give.
abstract contract WholeData is WholePanels {
    uint256 private constant MOST_CONTRIBUTIONS = 12;
    uint256 private constant MOST_MODELS = 6;
    bytes32 private _row = keccak256("rows");

    function contribute(uint256 who, bool reveals) external step("contribute") {
        if (datanets.contributionCount() >= MOST_CONTRIBUTIONS) return;
        _row = keccak256(abi.encode(_row));
        ContributionId id = commitRows(boarded, person(who), _row, 4);
        vm.roll(block.number + 1);
        if (reveals) revealRows(id, _row, 4);
    }

    /// @dev Who does not open its vote in time loses a tenth of its bond; the last vote against a contribution takes its stake.
    function voteOn(uint256 seed, uint256 who, bool approve) external step("voteOn") {
        ContributionId id = _contribution(seed);
        IDatanetRegistry.Contribution memory one = datanets.getContribution(id);
        if (!approve) loses(one.contributor, one.stakeHeld ? one.stake : 0);
        address voter = person(who % 3);
        bytes32 hash = datanets.voteHashOf(id, voter, approve, "reason", "salt");
        vm.startPrank(voter);
        try datanets.commitVote(id, hash) {} catch {}
        if ((who >> 8) % 4 != 0) try datanets.revealVote(id, approve, "reason", "salt") {} catch {}
        vm.stopPrank();
        if ((who >> 8) % 8 != 0) return;
        vm.warp(block.timestamp + 1_100);
        loses(voter, boards.bondOf(boarded, voter).amount / 10);
        try datanets.forfeitVote(id, voter) {} catch {}
    }

    /// @dev A contributor may lose its stake to an appeal: rejected, excluded, or of rows that it retires in time to nobody.
    function finish(uint256 seed, uint256 who, uint8 kind) external step("finish") {
        ContributionId id = _contribution(seed);
        IDatanetRegistry.Contribution memory one = datanets.getContribution(id);
        if (kind % 6 == 0 || kind % 6 == 5) loses(one.contributor, one.stakeHeld ? one.stake : 0);
        if (kind % 6 == 0) try datanets.accept(id) {} catch {}
        if (kind % 6 == 1) try datanets.expire(id) {} catch {}
        if (kind % 6 == 2) try datanets.cancel(id) {} catch {}
        if (kind % 6 == 3) try datanets.releaseStake(id) {} catch {}
        if (kind % 6 == 4) {
            loses(person(who % 3), boards.bondOf(boarded, person(who % 3)).amount / 10);
            try datanets.forfeitVote(id, person(who % 3)) {} catch {}
        }
        if (kind % 6 != 5) return;
        vm.prank(person(who % 3));
        try datanets.voteExclude(id, "reason") {} catch {}
    }

    function appealLoss(uint256 seed, bool stands) external step("appealLoss") {
        ContributionId id = _contribution(seed);
        IStakeLosses.Loss memory loss = losses.lossOf(id);
        if (loss.status != IStakeLosses.Status.Held || block.timestamp > loss.deadline) {
            try losses.end(id) {} catch {}
            return;
        }
        by(loss.contributor, PANEL_FEE);
        DisputeId dispute = losses.appeal{value: PANEL_FEE}(id, "unjust");
        judged(dispute, losses.valueOf(id, stands));
        uint256 had = balances.balanceOf(loss.contributor);
        losses.end(id);
        uint256 back = balances.balanceOf(loss.contributor) - had;
        expect(back == (stands ? 0 : loss.amount), "an appeal gave back otherwise than its verdict");
    }

    function moveIncome(uint256 seed, uint256 to) external step("moveIncome") {
        ContributionId id = _contribution(seed);
        address payee = ledger.payeeOf(id);
        vm.prank(payee);
        try ledger.transferIncome(id, person(to)) {} catch {}
    }

    /// @dev Who resigned has its bond when its time has come, and once.
    function review(uint256 who, uint8 kind) external step("review") {
        address reviewing = person(who % 3);
        IReviewers.Bond memory bond = boards.bondOf(boarded, reviewing);
        uint256 missing = STAKE - bond.amount;
        if (kind % 4 < 2) {
            vm.prank(reviewing);
            try boards.bondReviewer{value: missing}(boarded) {} catch {}
            return;
        }
        if (bond.isBonded) {
            vm.prank(reviewing);
            try boards.resign(boarded) {} catch {}
            if (kind % 4 == 2) return;
        }
        uint256 at = boards.bondOf(boarded, reviewing).leavesAt;
        if (block.timestamp < at) vm.warp(at);
        try boards.withdrawBond(boarded, reviewing) {} catch {}
    }

    function fundReviews(uint256 amount) external step("fundReviews") {
        amount = bound(amount, 1, 1 ether);
        by(builder, amount);
        boards.fundReviews{value: amount}(boarded);
    }

    function setTerms(uint256 seed) external step("setTerms") {
        AccessTerms memory terms;
        terms.perSnapshot = uint128(bound(seed, 0, 1 ether));
        terms.royaltyBps = uint16((seed >> 128) % 1_000);
        terms.curationBps = uint16((seed >> 144) % 5_000);
        DatanetId id = _data().datanetId;
        vm.prank(builder);
        access.setAccess(id, terms, "");
    }

    function buyAccess(uint256 who) external step("buyAccess") {
        SnapshotRef memory data = _data();
        AccessTerms memory terms = access.accessOf(data.datanetId);
        uint256 price = access.priceOf(data.datanetId, data.number);
        by(person(who), price);
        try access.buy{value: price}(data.datanetId, data.number, terms) {} catch {}
    }

    /// @dev A descendant over the same data, for the price of its data and a bond.
    function descend(uint256 who, uint256 of_, uint256 bps) external step("descend") {
        if (models.modelCount() >= MOST_MODELS) return;
        ModelDocument memory document = documentOf(_data(), fixture.index());
        document.adapterHash = keccak256(abi.encode(models.modelCount()));
        Parent[] memory parents = new Parent[](1);
        parents[0] = Parent(_model(of_), uint16(bound(bps, 1, 4_000)));
        uint256 cost = REGISTRATION_BOND + access.feeOf(person(who), document.snapshots);
        by(person(who), cost);
        try modelRegistry.registerDerived{value: cost}(document, defaultTerms(), parents, 10_000) {} catch {}
    }

    function returnBond(uint256 which) external step("returnBond") {
        try models.returnBond(_model(which)) {} catch {}
    }

    /// @dev Of the newest model that has a purse, or of any.
    function earn(uint256 which, uint256 amount, bool waits) external step("earn") {
        address purse = royalties.purseOf(which % 2 == 0 ? ModelId.wrap(models.modelCount()) : _model(which));
        if (purse == address(0)) return;
        amount = bound(amount, 1, 1 ether);
        by(payer, amount);
        if (waits) return balances.credit{value: amount}(purse);
        (bool sent,) = purse.call{value: amount}("");
        expect(sent, "a purse takes what comes");
    }

    /// @dev One's, or all from the newest to those that it came from.
    function distribute(uint256 which) external step("distribute") {
        for (uint256 i = models.modelCount(); i > 0 && which % 2 == 0; i--) {
            try royalties.distribute(ModelId.wrap(i)) {} catch {}
        }
        try royalties.distribute(_model(which)) {} catch {}
    }

    function curate(uint256 seed) external step("curate") {
        try curation.countVote(_contribution(seed), person(seed % 3)) {} catch {}
        try curation.countVote(ContributionId.wrap(uint64(1 + seed % 2)), reviewer) {} catch {}
        try curation.draw(_data().datanetId, seed % 2 == 0 ? reviewer : person(seed % 3)) {} catch {}
    }

    function drawPool(uint256 amount, uint8 of_) external step("drawPool") {
        SnapshotRef memory data = _data();
        if (of_ % 3 == 0) {
            amount = bound(amount, 1, 1 ether);
            by(payer, amount);
            pools.fund{value: amount}(data.datanetId, data.number, "test");
            return;
        }
        try pools.claim(data.datanetId, data.number, ContributionId.wrap(1 + (of_ % 2))) {} catch {}
    }

    function _data() private view returns (SnapshotRef memory) {
        return models.snapshotsOf(modelId)[0];
    }

    function _model(uint256 seed) private view returns (ModelId) {
        return ModelId.wrap(1 + seed % models.modelCount());
    }

    function _contribution(uint256 seed) private view returns (ContributionId) {
        return ContributionId.wrap(uint64(1 + (seed % datanets.contributionCount())));
    }
}
