// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {IEpochChallenges} from "../interfaces/protocol/IEpochChallenges.sol";
import {Claim} from "../interfaces/protocol/IInferenceMarket.sol";
import {IInferenceEpochs, Range, ShownLeaf, ShownPayout} from "../interfaces/protocol/IInferenceEpochs.sol";
import {ModelTerms} from "../interfaces/protocol/IModelLedger.sol";
import {Announcements} from "./Announcements.sol";
import {Covers} from "./Covers.sol";
import {Earnings} from "./Earnings.sol";
import {EpochProofs} from "./EpochProofs.sol";
import {EpochTreeChallenges} from "./EpochTreeChallenges.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {SumTree} from "./SumTrees.sol";
import {BPS, EpochId, ModelId, RequestId} from "./Types.sol";

/// @title Counter-examples to what an epoch says of its inferences and payouts.
/// @notice Scores, weights, omitted rows and spans are for ClaimChallenges, through EpochLeaves.
contract EpochChallenges is EpochTreeChallenges {
    ModelLedger public immutable MODELS;

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        ModelLedger models,
        IInferenceEpochs epochs
    ) Announcements(parameters, balances) EpochTreeChallenges(epochs) {
        MODELS = models;
    }

    /// @inheritdoc IEpochChallenges
    function challengeLeaf(
        EpochId epochId,
        ShownLeaf calldata shown,
        Range[] calldata ranges,
        bytes calldata query,
        bytes32
    ) external {
        (uint64 announcedBlock, IInferenceEpochs.Epoch memory epoch) = _begin(epochId);
        EpochProofs.checkLeaf(epoch, shown);
        Claim calldata given = shown.claim;
        uint256 name = RequestId.unwrap(EpochProofs.requestOf(epochId, shown.position));
        bool isTrue = shown.payer == EpochProofs.payerOf(epoch, ranges, shown.position)
            && RequestId.unwrap(given.requestId) == name && given.modelId == epoch.modelId
            && given.earnedBps <= BPS && given.queryHash != keccak256("") && shown.net <= epoch.largestNet
            && shown.net == EpochProofs.netOf(epoch, given);
        if (isTrue && _hasForm(epoch.modelId, given, query)) revert EpochStands();
        EPOCHS.refuteEpoch(epochId, msg.sender, announcedBlock, "leaf");
    }

    /// @inheritdoc IEpochChallenges
    function challengePayout(
        EpochId epochId,
        ShownPayout calldata payout,
        ShownLeaf calldata inference,
        bytes32
    ) external {
        (uint64 announcedBlock, IInferenceEpochs.Epoch memory epoch) = _begin(epochId);
        EpochProofs.checkPayout(EpochProofs.treeOf(epoch, true), payout);
        if (payout.inference < epoch.count) {
            EpochProofs.checkLeaf(epoch, inference);
            if (inference.position != payout.inference) {
                revert WrongPosition(inference.position, payout.inference);
            }
            if (_earned(epoch, inference, payout.contributionId) == payout.amount) revert EpochStands();
        }
        EPOCHS.refuteEpoch(epochId, msg.sender, announcedBlock, "payout");
    }

    /// @inheritdoc IEpochChallenges
    function challengeMissing(
        EpochId epochId,
        ShownLeaf calldata inference,
        uint64 contributionId,
        uint32 gap,
        ShownPayout calldata before,
        ShownPayout calldata later,
        bytes32
    ) external {
        (uint64 announcedBlock, IInferenceEpochs.Epoch memory epoch) = _begin(epochId);
        EpochProofs.checkLeaf(epoch, inference);
        if (_earned(epoch, inference, contributionId) == 0) revert EpochStands();
        uint256 key = EpochProofs.keyOf(contributionId, inference.position);
        SumTree memory tree = EpochProofs.treeOf(epoch, true);
        if (gap > tree.count) revert WrongPosition(gap, tree.count);
        if (gap > 0 && _keyAt(tree, before, gap - 1) >= key) revert EpochStands();
        if (gap < tree.count && _keyAt(tree, later, gap) <= key) revert EpochStands();
        EPOCHS.refuteEpoch(epochId, msg.sender, announcedBlock, "missing payout");
    }

    /// @notice Reverts where a claim's list or context, or the query behind it, has no right form.
    /// @param query Nothing where it is not looked at.
    function checkForm(ModelId modelId, Claim calldata given, bytes calldata query) external view {
        IndexCommitment memory index = MODELS.indexOf(modelId);
        INFLUENCE_VERIFIER.checkClaim(index, given.list);
        Earnings.checkContext(given.context);
        if (query.length > 0) INFLUENCE_VERIFIER.checkQuery(index, Covers.sketchOf(index, query));
    }

    /// @dev Only a named error says that there is no form: a call that ran out of gas has none.
    function _hasForm(ModelId modelId, Claim calldata given, bytes calldata query)
        private
        view
        returns (bool)
    {
        if (query.length > 0 && keccak256(query) != given.queryHash) revert EpochStands();
        try this.checkForm(modelId, given, query) {
            return true;
        } catch (bytes memory reason) {
            return reason.length < 4;
        }
    }

    function _earned(IInferenceEpochs.Epoch memory epoch, ShownLeaf calldata inference, uint64 contributionId)
        private
        view
        returns (uint256)
    {
        (,, ModelTerms memory terms) = MODELS.termsOf(epoch.modelId);
        return EpochProofs.earnedOf(inference, terms.split, contributionId);
    }

    /// @dev Key of the payout that stands at `position`.
    function _keyAt(SumTree memory tree, ShownPayout calldata shown, uint256 position)
        private
        pure
        returns (uint256)
    {
        EpochProofs.checkPayout(tree, shown);
        if (shown.position != position) revert WrongPosition(shown.position, position);
        return EpochProofs.keyOf(shown);
    }
}
