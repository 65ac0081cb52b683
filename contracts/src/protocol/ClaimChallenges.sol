// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInfluenceVerifier, IndexCommitment, InfluenceList} from "../interfaces/IInfluenceVerifier.sol";
import {IChallengedClaims} from "../interfaces/protocol/IChallengedClaims.sol";
import {IClaimChallenges, OpenedRecord} from "../interfaces/protocol/IClaimChallenges.sol";
import {Claim} from "../interfaces/protocol/IInferenceMarket.sol";
import {Announcements} from "./Announcements.sol";
import {Covers} from "./Covers.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {INFLUENCE_VERIFIER} from "./Precompiles.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {SpanChallenges} from "./SpanChallenges.sol";
import {ModelId} from "./Types.sol";

/// @title Counter-examples to claims, decided by the InfluenceVerifier.
/// @notice Each call is announced a block before (Announcements); its last argument is a secret salt, so that the announcement
/// tells nothing. A call whose counter-example does not contradict the claim reverts.
contract ClaimChallenges is IClaimChallenges, SpanChallenges {
    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        ModelLedger models,
        IChallengedClaims market
    ) Announcements(parameters, balances) SpanChallenges(models, market) {}

    /// @inheritdoc IClaimChallenges
    function challengeScore(
        Claim calldata given,
        bytes calldata query,
        uint256 position,
        OpenedRecord calldata shown,
        bytes32
    ) external {
        uint64 announcedBlock = _begin(given, query);
        if (position >= given.list.rowIds.length) revert PositionOutOfRange(position);
        // Opened records start with the row's id; the verifier finds the record committed before it looks for a score.
        uint32 rowId = shown.record.length < 4 ? 0 : uint32(bytes4(shown.record[:4]));
        uint32 listed = given.list.rowIds[position];
        (bool hasScore, uint32 first, int64 score) = _tryScore(given.modelId, query, shown);
        if (rowId != listed) revert WrongRow(rowId, listed);
        if (hasScore && score == given.list.scores[position] && first == rowId) revert ClaimStands();
        MARKET.refute(given, msg.sender, announcedBlock, "score");
    }

    /// @inheritdoc IClaimChallenges
    function challengeOmitted(
        Claim calldata given,
        bytes calldata query,
        OpenedRecord calldata shown,
        bytes32
    ) external {
        uint64 announcedBlock = _begin(given, query);
        IndexCommitment memory index = MODELS.indexOf(given.modelId);
        (uint32 rowId,,, uint32 first, int64 score) =
            INFLUENCE_VERIFIER.scoreOf(index, Covers.sketchOf(index, query), shown.record, shown.path);
        // Where spans count, challengeOmittedHolder decides.
        if (first != rowId || score <= 0 || index.spans != 0) revert ClaimStands();
        _checkOmitted(index, given.list, rowId, score);
        MARKET.refute(given, msg.sender, announcedBlock, "omission");
    }

    /// @inheritdoc IClaimChallenges
    function challengeWeights(
        Claim calldata given,
        bytes[] calldata records,
        bytes32[][] calldata paths,
        bytes32
    ) external {
        uint64 announcedBlock = _useAnnouncement();
        MARKET.checkChallengeable(given);
        (uint32[] memory rowIds, uint64[] memory contributionIds, uint256[] memory weights) =
            INFLUENCE_VERIFIER.weightsOf(MODELS.indexOf(given.modelId), given.list, records, paths);
        for (uint256 i = 0; i < rowIds.length; i++) {
            if (rowIds[i] != given.list.rowIds[i]) revert WrongRow(rowIds[i], given.list.rowIds[i]);
        }
        if (_sameWeights(given.list, contributionIds, weights)) revert ClaimStands();
        MARKET.refute(given, msg.sender, announcedBlock, "weights");
    }

    /// @dev `hasScore` is false where a committed record has no score for the query.
    function _tryScore(ModelId modelId, bytes calldata query, OpenedRecord calldata shown)
        private
        view
        returns (bool hasScore, uint32 first, int64 score)
    {
        IndexCommitment memory index = MODELS.indexOf(modelId);
        bytes calldata sketch = Covers.sketchOf(index, query);
        try INFLUENCE_VERIFIER.scoreOf(index, sketch, shown.record, shown.path) returns (
            uint32, uint64, uint32, uint32 itsFirst, int64 itsScore
        ) {
            return (true, itsFirst, itsScore);
        } catch (bytes memory reason) {
            _expectNoScore(reason);
        }
    }

    /// @dev Without spans every gain is the same, so scores decide the order as keys do.
    function _checkOmitted(
        IndexCommitment memory index,
        InfluenceList calldata list,
        uint32 rowId,
        int64 score
    ) private pure {
        uint256 length = list.rowIds.length;
        for (uint256 i = 0; i < length; i++) {
            if (list.rowIds[i] == rowId) revert RowListed(rowId);
        }
        uint256 most = index.topK < index.rows ? index.topK : index.rows;
        if (length < most) return;
        (int64 last, uint32 lastRow) = (list.scores[length - 1], list.rowIds[length - 1]);
        if (score < last || (score == last && rowId > lastRow)) revert ClaimStands();
    }

    /// @dev Passes the verifier's refusal on unless it says that a committed row has no score for the query.
    function _expectNoScore(bytes memory reason) private pure {
        bytes4 selector = bytes4(reason);
        bool noScore = reason.length >= 4
            && (selector == IInfluenceVerifier.RecordValue.selector
                || selector == IInfluenceVerifier.ShiftOutOfRange.selector);
        if (noScore) return;
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    function _sameWeights(
        InfluenceList calldata list,
        uint64[] memory contributionIds,
        uint256[] memory weights
    ) private pure returns (bool) {
        if (list.contributionIds.length != contributionIds.length) {
            return false;
        }
        for (uint256 i = 0; i < contributionIds.length; i++) {
            if (list.contributionIds[i] != contributionIds[i] || list.weights[i] != weights[i]) return false;
        }
        return true;
    }
}
