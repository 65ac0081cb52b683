// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochAudits} from "../interfaces/protocol/IEpochAudits.sol";
import {Closing, IInferenceEpochs, Range, RangeVoucher} from "../interfaces/protocol/IInferenceEpochs.sol";
import {ModelTerms} from "../interfaces/protocol/IModelLedger.sol";
import {Parameters} from "../interfaces/protocol/IProtocolParameters.sol";
import {AttributionLedger} from "./AttributionLedger.sol";
import {EpochProofs} from "./EpochProofs.sol";
import {HostStakes} from "./HostStakes.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {ModelStaking} from "./ModelStaking.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {Purses} from "./Purses.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {SnapshotPools} from "./SnapshotPools.sol";
import {BPS, EpochId, FeeSplit, ModelId} from "./Types.sol";

/// @title Epochs and how a host closes one.
/// @notice See IInferenceEpochs.
abstract contract EpochClosings is IInferenceEpochs, Purses {
    /// @notice The contracts that InferenceEpochs works with.
    struct Parts {
        ProtocolParameters parameters;
        ModelLedger models;
        AttributionLedger ledger;
        ModelStaking staking;
        HostStakes hosts;
        SnapshotPools pools;
        RewardBalances balances;
        address challenges;
        address leaves;
        address demands;
        IEpochAudits audits;
        uint32 auditedLeaves;
    }

    /// @notice Most inferences, payouts of one inference, and ranges.
    uint32 public constant MAX_LEAVES = 1 << 16;
    uint32 public constant MAX_PAYOUTS = 16;
    uint32 public constant MAX_RANGES = 256;
    /// @dev 2.2, in tenths, as of HostStakes.
    uint256 private constant COVER_TENTHS = 22;

    ModelLedger public immutable MODELS;
    AttributionLedger public immutable LEDGER;
    ModelStaking public immutable STAKING;
    HostStakes public immutable HOSTS;
    SnapshotPools public immutable POOLS;
    /// @notice The contracts that judge.
    address public immutable CHALLENGES;
    address public immutable LEAVES;
    address public immutable DEMANDS;
    /// @notice Draws inferences for panels; 0 on a chain that has no verifiers.
    IEpochAudits public immutable AUDITS;
    /// @inheritdoc IInferenceEpochs
    uint32 public immutable AUDITED_LEAVES;

    /// @inheritdoc IInferenceEpochs
    mapping(address host => uint64) public epochCount;
    mapping(EpochId epochId => Epoch) internal _epochs;

    constructor(Parts memory parts, uint64 delay) Purses(parts.parameters, parts.balances, delay) {
        (MODELS, LEDGER, STAKING) = (parts.models, parts.ledger, parts.staking);
        (HOSTS, POOLS, CHALLENGES) = (parts.hosts, parts.pools, parts.challenges);
        (LEAVES, DEMANDS, AUDITS) = (parts.leaves, parts.demands, parts.audits);
        if (parts.auditedLeaves == 0) revert EpochSize(0, 0, 0);
        AUDITED_LEAVES = parts.auditedLeaves;
    }

    /// @inheritdoc IInferenceEpochs
    function close(Closing calldata closing, Range[] calldata ranges, RangeVoucher[] calldata vouchers)
        external
        payable
        returns (EpochId epochId)
    {
        uint64 number = ++epochCount[msg.sender];
        if (closing.number != number) revert EpochNumber(closing.number, number);
        if (!HOSTS.termsOf(closing.modelId, msg.sender).accepted) {
            revert EpochHostNotTaking(closing.modelId, msg.sender);
        }
        bool fits = closing.count > 0 && closing.count <= MAX_LEAVES
            && closing.payoutCount <= closing.count * MAX_PAYOUTS && ranges.length <= MAX_RANGES;
        if (!fits || vouchers.length != ranges.length) {
            revert EpochSize(closing.count, closing.payoutCount, ranges.length);
        }
        epochId = EpochProofs.idOf(msg.sender, number);
        Epoch storage epoch = _epochs[epochId];
        _write(epoch, closing);
        epoch.fees = _takeFees(closing, ranges, vouchers, epoch.platformBps);
        epoch.rangesHash = keccak256(abi.encode(ranges));
        uint256 required = _bond(epoch.fees, closing.count, closing.largestNet, epoch.platformBps);
        if (msg.value < required) revert BondTooSmall(msg.value, required);
        epoch.bond = uint128(msg.value);
        _take(msg.value);
        emit EpochClosed(
            epochId, closing.modelId, msg.sender, closing, ranges, epoch.fees, msg.value, epoch.deadline
        );
    }

    /// @inheritdoc IInferenceEpochs
    function epochOf(EpochId epochId) external view returns (Epoch memory) {
        return _epochs[epochId];
    }

    /// @inheritdoc IInferenceEpochs
    function bondOf(uint256 fees, uint256 count, uint256 largestNet) external view returns (uint256) {
        return _bond(fees, count, largestNet, PARAMETERS.parameters().platformBps);
    }

    /// @dev Terms as they are now, and what the host says of the trees.
    function _write(Epoch storage epoch, Closing calldata closing) private {
        (, bool serves, ModelTerms memory terms) = MODELS.termsOf(closing.modelId);
        if (!serves) revert EpochModelNotServing(closing.modelId);
        if (terms.rateIn != closing.rateIn || terms.rateOut != closing.rateOut) {
            revert EpochRates(terms.rateIn, terms.rateOut);
        }
        Parameters memory parameters = PARAMETERS.parameters();
        (epoch.host, epoch.status) = (msg.sender, Status.Closed);
        epoch.deadline = uint64(block.timestamp) + parameters.challengeWindow;
        epoch.demandsUntil = epoch.deadline;
        (epoch.count, epoch.payoutCount) = (closing.count, closing.payoutCount);
        (epoch.challengeWindow, epoch.demandWindow) = (parameters.challengeWindow, parameters.demandWindow);
        (epoch.platformBps, epoch.modelId) = (parameters.platformBps, closing.modelId);
        (epoch.net, epoch.largestNet) = (closing.net, closing.largestNet);
        (epoch.payoutSum, epoch.undrawn) = (closing.payoutSum, closing.payoutSum);
        (epoch.rateIn, epoch.rateOut) = (terms.rateIn, terms.rateOut);
        if (address(AUDITS) != address(0)) epoch.seedBlock = AUDITS.nextSeed();
        (epoch.root, epoch.payoutRoot) = (closing.root, closing.payoutRoot);
        uint256 part = _part(closing.net, terms.split);
        if (closing.payoutSum > part) revert PayoutsAbovePart(closing.payoutSum, part);
        bool isEmpty = closing.payoutRoot == 0 && closing.payoutSum == 0;
        if (closing.payoutCount == 0 && !isEmpty) revert PayoutsAbovePart(closing.payoutSum, 0);
    }

    /// @dev Takes each range's fee from its payer's purse.
    function _takeFees(
        Closing calldata closing,
        Range[] calldata ranges,
        RangeVoucher[] calldata vouchers,
        uint256 platformBps
    ) private returns (uint128 fees) {
        (uint256 count, uint256 net) = (0, 0);
        for (uint256 i = 0; i < ranges.length; i++) {
            Range calldata range = ranges[i];
            if (range.count == 0) revert EpochSize(0, 0, i);
            (count, net) = (count + range.count, net + range.net);
            uint256 fee = range.net + EpochProofs.platformOf(range.net, platformBps);
            RangeVoucher calldata paid = vouchers[i];
            Voucher memory voucher = Voucher(range.payer, msg.sender, paid.cumulative, paid.validUntil);
            _spend(voucher, paid.signature, fee);
            fees += uint128(fee);
        }
        if (count != closing.count || net != closing.net) revert RangesSum(count, net);
    }

    function _bond(uint256 fees, uint256 count, uint256 largestNet, uint256 platformBps)
        private
        view
        returns (uint256)
    {
        uint256 largest = largestNet + EpochProofs.platformOf(largestNet, platformBps);
        return ((fees + (count * largest) / AUDITED_LEAVES) * COVER_TENTHS) / 10;
    }

    /// @dev What is left of a net fee after owner, host and stakers: what contributions earned, and the pools' rest.
    function _part(uint256 net, FeeSplit memory split) internal pure returns (uint256) {
        return net - (net * split.owner) / BPS - (net * split.host) / BPS - (net * split.stakers) / BPS;
    }

    function _in(EpochId epochId, Status status) internal view returns (Epoch storage epoch) {
        epoch = _epochs[epochId];
        if (epoch.status != status) revert EpochStatus(epochId, epoch.status);
    }
}
