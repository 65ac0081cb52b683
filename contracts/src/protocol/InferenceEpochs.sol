// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceEpochs, Range, ShownPayout} from "../interfaces/protocol/IInferenceEpochs.sol";
import {ModelTerms} from "../interfaces/protocol/IModelLedger.sol";
import {EpochClosings} from "./EpochClosings.sol";
import {EpochProofs} from "./EpochProofs.sol";
import {SumTree} from "./SumTrees.sol";
import {BPS, ContributionId, EpochId, FeeSplit, ModelId} from "./Types.sol";

/// @title Many inferences settled at once.
/// @notice See IInferenceEpochs. It holds money, so it has no owner and can't be upgraded.
contract InferenceEpochs is EpochClosings {
    /// @inheritdoc IInferenceEpochs
    mapping(EpochId epochId => mapping(uint64 contributionId => uint32)) public drawnTo;
    mapping(EpochId epochId => EpochRefutation) private _refutations;

    constructor(Parts memory parts, uint64 delay) EpochClosings(parts, delay) {}

    /// @inheritdoc IInferenceEpochs
    function settle(EpochId epochId) external {
        Epoch storage epoch = _in(epochId, Status.Closed);
        if (block.timestamp <= epoch.deadline) revert NotYet(epoch.deadline);
        if (address(AUDITS) != address(0)) AUDITS.checkSettleEpoch(epochId);
        epoch.status = Status.Settled;
        (ModelId modelId, uint256 subject) = (epoch.modelId, EpochId.unwrap(epochId));
        (address owner,, ModelTerms memory terms) = MODELS.termsOf(modelId);
        EpochShares memory shares = _shares(epoch, terms.split);
        if (shares.stakers > 0 && STAKING.totalStake(modelId) == 0) {
            (shares.owner, shares.stakers) = (shares.owner + shares.stakers, 0);
        }
        emit EpochSettled(epochId, modelId, shares);
        _credit(owner, shares.owner, "epoch owner", subject);
        _credit(epoch.host, shares.host + epoch.bond, "epoch host", subject);
        _credit(PARAMETERS.parameters().treasury, shares.platform, "epoch platform", subject);
        if (shares.stakers > 0) {
            _pay(shares.stakers);
            STAKING.reward{value: shares.stakers}(modelId, EpochProofs.requestOf(epochId, 0));
        }
        _toPools(epochId, modelId, shares.pools, "epoch");
    }

    /// @inheritdoc IInferenceEpochs
    function draw(
        EpochId epochId,
        ShownPayout calldata before,
        ShownPayout calldata first,
        ShownPayout calldata last
    ) external returns (uint256 amount) {
        Epoch storage epoch = _in(epochId, Status.Settled);
        SumTree memory tree = SumTree(epoch.payoutRoot, epoch.payoutSum, epoch.payoutCount);
        uint64 id = first.contributionId;
        if (last.contributionId != id || last.position < first.position) {
            revert DrawEnd(id, last.contributionId);
        }
        uint32 from = drawnTo[epochId][id];
        if (from > 0) {
            if (first.position != from) revert DrawStart(first.position, from);
        } else if (first.position > 0) {
            EpochProofs.checkPayout(tree, before);
            if (before.position + 1 != first.position || before.contributionId == id) {
                revert DrawStart(first.position, before.position + 1);
            }
        }
        amount = EpochProofs.checkPayout(tree, last) + last.amount - EpochProofs.checkPayout(tree, first);
        drawnTo[epochId][id] = last.position + 1;
        epoch.undrawn -= uint128(amount);
        address contributor = LEDGER.payeeOf(ContributionId.wrap(id));
        emit EpochDrawn(epochId, id, contributor, amount);
        _credit(contributor, amount, "epoch", EpochId.unwrap(epochId));
    }

    /// @inheritdoc IInferenceEpochs
    function refuteEpoch(EpochId epochId, address challenger, uint64 announcedBlock, bytes32 reason)
        external
    {
        bool isVerdict = msg.sender == address(AUDITS);
        bool isJudge = isVerdict || msg.sender == CHALLENGES || msg.sender == LEAVES || msg.sender == DEMANDS;
        if (!isJudge) revert NotJudge(msg.sender);
        // A verdict comes when it comes: the epoch waits for it.
        Epoch storage epoch = isVerdict ? _in(epochId, Status.Closed) : _refutable(epochId);
        EpochRefutation storage refutation = _refutations[epochId];
        if (epoch.status != Status.Closed) {
            if (announcedBlock >= refutation.announcedBlock) revert EpochStatus(epochId, epoch.status);
            (refutation.challenger, refutation.announcedBlock) = (challenger, announcedBlock);
            return;
        }
        epoch.status = Status.Refuted;
        uint256 lost = epoch.bond;
        (refutation.challenger, refutation.announcedBlock) = (challenger, announcedBlock);
        (refutation.finalBlock, refutation.reward) = (uint64(block.number) + 3, uint128(lost / 2));
        emit EpochRefuted(epochId, epoch.host, challenger, reason, lost);
        uint256 harmed = (lost - lost / 2) / 2;
        uint256 rest = lost - lost / 2 - harmed;
        _credit(PARAMETERS.parameters().treasury, rest, "epoch refuted", EpochId.unwrap(epochId));
        _toPools(epochId, epoch.modelId, harmed, "epoch refuted");
    }

    /// @inheritdoc IInferenceEpochs
    function extend(EpochId epochId, uint64 deadline) external {
        if (msg.sender != DEMANDS) revert NotJudge(msg.sender);
        Epoch storage epoch = _in(epochId, Status.Closed);
        if (deadline > epoch.deadline) epoch.deadline = deadline;
        emit EpochDeadlineMoved(epochId, epoch.deadline);
    }

    /// @inheritdoc IInferenceEpochs
    function returnFees(EpochId epochId, Range[] calldata ranges) external {
        Epoch storage epoch = _in(epochId, Status.Refuted);
        EpochProofs.checkRanges(epoch.rangesHash, ranges);
        epoch.status = Status.Returned;
        for (uint256 i = 0; i < ranges.length; i++) {
            uint256 net = ranges[i].net;
            _giveBack(ranges[i].payer, epoch.host, net + EpochProofs.platformOf(net, epoch.platformBps));
        }
        emit EpochFeesReturned(epochId, epoch.fees);
    }

    /// @inheritdoc IInferenceEpochs
    function collect(EpochId epochId) external {
        EpochRefutation memory refutation = _refutations[epochId];
        if (refutation.reward == 0) revert NothingToCollect(epochId);
        if (block.number <= refutation.finalBlock) revert NotYet(refutation.finalBlock);
        _refutations[epochId].reward = 0;
        emit EpochRewardCollected(epochId, refutation.challenger, refutation.reward);
        _credit(refutation.challenger, refutation.reward, "epoch refutation", EpochId.unwrap(epochId));
    }

    /// @inheritdoc IInferenceEpochs
    function checkRefutable(EpochId epochId) external view returns (Epoch memory) {
        return _refutable(epochId);
    }

    /// @inheritdoc IInferenceEpochs
    function refutationOf(EpochId epochId) external view returns (EpochRefutation memory) {
        return _refutations[epochId];
    }

    function _refutable(EpochId epochId) private view returns (Epoch storage epoch) {
        epoch = _epochs[epochId];
        if (epoch.status == Status.Closed) {
            if (block.timestamp > epoch.deadline) revert TooLate(epoch.deadline);
            return epoch;
        }
        uint64 finalBlock = _refutations[epochId].finalBlock;
        if (finalBlock == 0) revert EpochStatus(epochId, epoch.status);
        if (block.number > finalBlock) revert TooLate(finalBlock);
    }

    function _shares(Epoch storage epoch, FeeSplit memory split)
        private
        view
        returns (EpochShares memory shares)
    {
        uint256 net = epoch.net;
        shares.owner = (net * split.owner) / BPS;
        shares.host = (net * split.host) / BPS;
        shares.stakers = (net * split.stakers) / BPS;
        shares.platform = epoch.fees - net;
        shares.pools = _part(net, split) - epoch.payoutSum;
    }

    function _toPools(EpochId epochId, ModelId modelId, uint256 amount, bytes32 reason) private {
        if (amount == 0) return;
        _pay(amount);
        POOLS.fundAll{value: amount}(MODELS.snapshotsOf(modelId), EpochProofs.requestOf(epochId, 0), reason);
    }
}
