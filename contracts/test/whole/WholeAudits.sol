// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../../src/interfaces/protocol/IDisputes.sol";
import {IEpochChallenges} from "../../src/interfaces/protocol/IEpochChallenges.sol";
import {IInferenceEpochs} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {SumNode} from "../../src/protocol/SumTrees.sol";
import {DisputeId} from "../../src/protocol/Types.sol";
import {WholeEpochs} from "./WholeEpochs.sol";

/// @notice What shows an epoch's lie, or misses it: counter-examples, panels for inferences that are drawn or disputed, silence; and what
/// each has of an epoch that is settled or refuted, to the wei.
abstract contract WholeAudits is WholeEpochs {
    uint256 public epochsSettled;
    uint256 public epochsRefuted;
    /// @notice Epochs with a false output that were settled, since no draw fell on it and nobody disputed it.
    uint256 public missed;

    /// @dev Mostly what would show the lie, in its time.
    function challengeEpoch(uint256 seed) external step("challengeEpoch") {
        exact(true);
        closedEpoch(seed);
        bool inTime = block.timestamp <= epochs.epochOf(epochId).deadline;
        EpochLie shown = EpochLie(1 + (seed >> 40) % 3);
        if (epochLie != EpochLie.None && seed % 3 != 0) shown = epochLie;
        bytes32 salt = keccak256(abi.encode(block.number));
        bool isRight = shown == epochLie && inTime;
        isRight ? _nameRefutation() : loses(watcher, DEPOSIT);
        bool ok;
        if (shown == EpochLie.Sum) {
            (ok,) = announced(watcher, address(epochChallenges), _sumCall(salt));
        } else if (shown == EpochLie.Form) {
            (ok,) = announced(
                watcher,
                address(epochChallenges),
                abi.encodeCall(IEpochChallenges.challengeLeaf, (epochId, leafAt(falseAt), ranges, "", salt))
            );
        } else {
            epochLeaves.open(epochId, leafAt(falseAt));
            bytes memory call = counterExample(fixture, drafts[falseAt].claim, leafLie, salt);
            (ok,) = announced(watcher, address(leafChallenges), call);
        }
        expect(ok == isRight, ok ? "a true epoch fell" : "a false epoch stood");
        if (isRight) _expectRefuted(watcher);
    }

    /// @dev Somebody disputes any inference, mostly the false one if there is one.
    function disputeLeaf(uint256 seed, bool shows) external step("disputeLeaf") {
        exact(true);
        closedEpoch(seed);
        uint32 at = seed % 3 == 0 ? uint32((seed >> 40) % drafts.length) : falseAt;
        epochLeaves.open(epochId, leafAt(at));
        by(watcher, PANEL_FEE);
        epochAudits.dispute{value: PANEL_FEE}(drafts[at].claim);
        _judge(at, shows);
    }

    /// @dev One of the drawn inferences that has not been looked at.
    function auditLeaf(uint256 seed, bool shows) external step("auditLeaf") {
        exact(true);
        closedEpoch(seed);
        _auditNext(shows);
    }

    /// @dev After all drawn ones were audited, or before.
    function settleEpochNow(uint256 seed) external step("settleEpochNow") {
        exact(true);
        closedEpoch(seed);
        while (seed % 4 != 0 && _auditNext(true)) {}
        if (statusOf(epochId) != IInferenceEpochs.Status.Closed) return;
        uint256 deadline = epochs.epochOf(epochId).deadline;
        if (block.timestamp <= deadline && seed % 8 != 1) vm.warp(deadline + 1);
        recordSeed(epochs.epochOf(epochId).seedBlock);
        bool isDue = block.timestamp > deadline;
        for (uint256 i = 0; i < auditedLeaves; i++) {
            uint32 at = epochAudits.drawnAt(epochId, i);
            isDue = isDue && epochAudits.caseOf(drafts[at].claim.requestId).isUpheld;
        }
        if (isDue) _nameShares();
        try epochs.settle(epochId) {
            expect(isDue, "an epoch was settled before its time or its audits");
            epochsSettled++;
            if (leafLie == Lie.Hidden) missed++;
        } catch {
            expect(!isDue, "a due epoch did not settle");
        }
        if (seed % 2 == 0) drawOne(seed >> 8);
    }

    /// @return isFound There was one, and its epoch may be refuted now.
    function _auditNext(bool shows) private returns (bool isFound) {
        if (statusOf(epochId) != IInferenceEpochs.Status.Closed) return false;
        recordSeed(epochs.epochOf(epochId).seedBlock);
        for (uint256 i = 0; i < auditedLeaves; i++) {
            uint32 at = epochAudits.drawnAt(epochId, i);
            // One without a true name can't be opened.
            if (epochAudits.caseOf(drafts[at].claim.requestId).isUpheld) continue;
            epochLeaves.open(epochId, leafAt(at));
            epochAudits.audit(drafts[at].claim);
            _judge(at, shows);
            return true;
        }
    }

    /// @dev The three find what came out, if the host shows it.
    function _judge(uint32 at, bool shows) private {
        Claim memory claim = drafts[at].claim;
        DisputeId id = epochAudits.caseOf(claim.requestId).disputeId;
        address opener = epochAudits.caseOf(claim.requestId).opener;
        bool isFalse = leafLie == Lie.Hidden && at == falseAt;
        if (!shows) {
            recordSeed(disputes.getDispute(id).seedBlock);
            disputes.draw(id);
            vm.warp(block.timestamp + WINDOW + 1);
            gains(opener, disputes.getDispute(id).pot);
            _nameRefutation();
            epochAudits.endSilent(claim);
            return _expectRefuted(opener);
        }
        Claim memory true_ = drafts[at].claim;
        true_.outputHash = keccak256("answer");
        bytes32 truth = epochAudits.valueOf(true_);
        while (disputes.getDispute(id).status == IDisputes.Status.Opened) {
            recordSeed(disputes.getDispute(id).seedBlock);
            disputes.draw(id);
            vm.prank(host);
            epochAudits.giveEvidence(claim, "evidence");
            vote(id, [truth, truth, truth]);
        }
        vm.warp(block.timestamp + WINDOW + 1);
        if (isFalse) _nameRefutation();
        epochAudits.conclude(claim);
        bool stands = epochAudits.caseOf(claim.requestId).isUpheld;
        expect(stands != isFalse, stands ? "a false inference was upheld" : "a true inference was convicted");
        if (!stands) _expectRefuted(opener);
    }

    /// @dev Half of the bond waits for who showed it, a quarter each is the pools' and the treasury's.
    function _nameRefutation() private {
        uint256 bond = epochs.epochOf(epochId).bond;
        uint256 rest = bond - bond / 2;
        gains(address(pools), rest / 2);
        gains(address(feeTreasury), rest - rest / 2);
    }

    function _expectRefuted(address by_) private {
        expect(statusOf(epochId) == IInferenceEpochs.Status.Refuted, "a refuted epoch goes on");
        expect(epochs.refutationOf(epochId).challenger == by_, "another has the epoch's reward");
        epochsRefuted++;
    }

    /// @dev What contributions are due stays to be drawn; the rest of their part is the pools'.
    function _nameShares() private {
        IInferenceEpochs.Epoch memory epoch = epochs.epochOf(epochId);
        (uint256 net, uint256 fees) = (0, 0);
        for (uint256 i = 0; i < ranges.length; i++) {
            (net, fees) = (net + ranges[i].net, fees + feeOf(ranges[i].net));
        }
        uint256 stakers = staking.totalStake(modelId) > 0 ? net / 10 : 0;
        uint256 part = net - net / 5 - net / 5 - net / 10;
        gains(builder, net / 5 + net / 10 - stakers);
        gains(host, net / 5 + epoch.bond);
        gains(address(feeTreasury), fees - net);
        gains(address(staking), stakers);
        gains(address(pools), part - epoch.payoutSum);
    }

    function _sumCall(bytes32 salt) private view returns (bytes memory) {
        SumNode[][] memory levels = payoutLevels();
        if (levels.length < 2) return "";
        SumNode[3] memory nodes = [levels[1][0], levels[0][0], levels[0][1]];
        return abi.encodeCall(
            IEpochChallenges.challengeSum, (epochId, true, 1, 0, nodes, pathOf(levels, 1, 0), salt)
        );
    }
}
