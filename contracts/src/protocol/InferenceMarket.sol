// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAudits} from "../interfaces/protocol/IAudits.sol";
import {IChallengedClaims} from "../interfaces/protocol/IChallengedClaims.sol";
import {Claim, IInferenceMarket} from "../interfaces/protocol/IInferenceMarket.sol";
import {ModelTerms} from "../interfaces/protocol/IModelLedger.sol";
import {AttributionLedger} from "./AttributionLedger.sol";
import {Earnings} from "./Earnings.sol";
import {HostStakes} from "./HostStakes.sol";
import {InferenceClaims} from "./InferenceClaims.sol";
import {InferenceRequests} from "./InferenceRequests.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {ModelStaking} from "./ModelStaking.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {SnapshotPools} from "./SnapshotPools.sol";
import {BPS, RequestId} from "./Types.sol";

/// @title Paid inferences: request, claim, challenge, settlement.
/// @notice A claim can be challenged until its window ends (ClaimChallenges): a counter-example is decided at once. What a
/// refuted liar loses, bond and slashed stake, goes half to who showed it first, a quarter to the pools of the model's snapshots,
/// a quarter to the treasury. What no row earned goes to those pools as well, never back to payer or host. Amounts are wei.
contract InferenceMarket is InferenceClaims {
    /// @notice The contracts that an InferenceMarket works with.
    struct Parts {
        ProtocolParameters parameters;
        ModelLedger models;
        AttributionLedger ledger;
        ModelStaking staking;
        HostStakes hosts;
        SnapshotPools pools;
        RewardBalances balances;
        address challenges;
        address demands;
        IAudits audits;
    }

    AttributionLedger public immutable LEDGER;
    ModelStaking public immutable STAKING;
    SnapshotPools public immutable POOLS;
    RewardBalances public immutable BALANCES;
    /// @notice The contract that decides counter-examples.
    address public immutable CHALLENGES;
    /// @notice The contract that holds demands.
    address public immutable DEMANDS;

    mapping(RequestId requestId => Refutation) private _refutations;

    constructor(Parts memory parts)
        InferenceRequests(parts.parameters, parts.models, parts.hosts, parts.audits)
    {
        (LEDGER, STAKING, POOLS) = (parts.ledger, parts.staking, parts.pools);
        (BALANCES, CHALLENGES, DEMANDS) = (parts.balances, parts.challenges, parts.demands);
    }

    /// @dev What a liar's host and the stakers behind it lose comes from their stakes.
    receive() external payable {
        if (msg.sender != address(HOSTS) && msg.sender != address(STAKING)) revert NotStakes(msg.sender);
    }

    /// @inheritdoc IInferenceMarket
    function settle(Claim[] calldata claims) external nonReentrant {
        for (uint256 i = 0; i < claims.length; i++) {
            _settle(claims[i]);
        }
    }

    /// @inheritdoc IChallengedClaims
    function refute(Claim calldata given, address challenger, uint64 announcedBlock, bytes32 reason)
        external
        nonReentrant
    {
        if (msg.sender != CHALLENGES) revert NotChallenges(msg.sender);
        Request storage order = _known(given.requestId);
        if (order.status == Status.Refuted) {
            _checkPosted(order, given);
            return _replace(given.requestId, challenger, announcedBlock);
        }
        uint128 reward = _refute(_challengeable(given), given, challenger, reason);
        _refutations[given.requestId] =
            Refutation(challenger, announcedBlock, uint64(block.number) + 3, reward);
    }

    /// @inheritdoc IInferenceMarket
    function refuteSilence(Claim calldata given, address by, bool isLie) external nonReentrant {
        if (msg.sender != DEMANDS) revert NotDemands(msg.sender);
        Request storage order = _claimedNow(given);
        if (isLie) {
            uint128 reward = _refute(order, given, by, "query withheld");
            _refutations[given.requestId] = Refutation(by, 0, uint64(block.number), reward);
            return;
        }
        order.status = Status.Refuted;
        HOSTS.release(order.host, order.fee);
        emit InferenceRefuted(given.requestId, order.host, by, "not delivered", order.bond, order.escrow);
        _refund(given.requestId, order.payer, order.escrow);
        // Payer and host may have agreed on it, and have rows in the pools: it costs twice what others would have had.
        (Payout memory payout,) = _payoutOf(order, given);
        uint256 part = payout.contributors + payout.context + payout.pools + payout.stakers + payout.platform;
        part *= 2;
        part = HOSTS.charge(order.host, part);
        _toPools(given, order.bond + part, "not delivered");
    }

    /// @inheritdoc IInferenceMarket
    function refuteByVerdict(Claim calldata given, address by, bytes32 reason) external nonReentrant {
        if (msg.sender != address(AUDITS)) revert NotAudits(msg.sender);
        uint128 reward = _refute(_claimedNow(given), given, by, reason);
        _refutations[given.requestId] = Refutation(by, 0, uint64(block.number), reward);
    }

    /// @inheritdoc IInferenceMarket
    function extend(RequestId requestId, uint64 deadline, bool queryPublished) external {
        if (msg.sender != DEMANDS) revert NotDemands(msg.sender);
        Request storage order = _known(requestId);
        if (deadline > order.deadline) order.deadline = deadline;
        if (queryPublished) order.queryPublished = true;
        emit ChallengeDeadlineMoved(requestId, order.deadline);
    }

    /// @inheritdoc IInferenceMarket
    function collect(RequestId requestId) external nonReentrant {
        Refutation memory refutation = _refutations[requestId];
        if (refutation.reward == 0) revert NothingToCollect(requestId);
        if (block.number <= refutation.finalBlock) revert NotYet(refutation.finalBlock);
        _refutations[requestId].reward = 0;
        emit RewardCollected(requestId, refutation.challenger, refutation.reward);
        BALANCES.creditFor{value: refutation.reward}(
            refutation.challenger, "refutation", RequestId.unwrap(requestId)
        );
    }

    /// @inheritdoc IInferenceMarket
    function payoutOf(Claim calldata given) external view returns (Payout memory payout) {
        (payout,) = _payoutOf(_known(given.requestId), given);
    }

    /// @inheritdoc IInferenceMarket
    function refutationOf(RequestId requestId) external view returns (Refutation memory) {
        return _refutations[requestId];
    }

    /// @inheritdoc IInferenceMarket
    function claimed(Claim calldata given) external view returns (Request memory) {
        return _claimedNow(given);
    }

    /// @inheritdoc IChallengedClaims
    function checkChallengeable(Claim calldata given) external view {
        Request storage order = _known(given.requestId);
        if (order.status != Status.Refuted) {
            _challengeable(given);
            return;
        }
        _checkPosted(order, given);
        uint64 finalBlock = _refutations[given.requestId].finalBlock;
        if (block.number > finalBlock) revert TooLate(finalBlock);
    }

    function _replace(RequestId requestId, address challenger, uint64 announcedBlock) private {
        Refutation storage refutation = _refutations[requestId];
        if (block.number > refutation.finalBlock) revert TooLate(refutation.finalBlock);
        if (announcedBlock >= refutation.announcedBlock) {
            revert RequestStatus(requestId, Status.Refuted);
        }
        (refutation.challenger, refutation.announcedBlock) = (challenger, announcedBlock);
    }

    /// @dev Slashes, refunds the payer, and returns the half that is the challenger's.
    function _refute(Request storage order, Claim calldata given, address challenger, bytes32 reason)
        private
        returns (uint128 reward)
    {
        order.status = Status.Refuted;
        HOSTS.release(order.host, order.fee);
        (uint256 lost, uint256 missing) = HOSTS.slash(order.host, order.fee, order.auditBps);
        lost += order.bond;
        emit InferenceRefuted(given.requestId, order.host, challenger, reason, lost, order.escrow);
        _refund(given.requestId, order.payer, order.escrow);
        reward = uint128(lost / 2);
        uint256 harmed = (lost - reward) / 2;
        BALANCES.creditFor{value: lost - reward - harmed}(
            PARAMETERS.parameters().treasury, "refuted", RequestId.unwrap(given.requestId)
        );
        // The stakers' money goes to the harmed alone: a liar that shows its own lie gets none of it.
        uint256 junior = missing < order.fee ? missing : order.fee;
        if (junior > 0) harmed += STAKING.slash(given.modelId, given.requestId, junior);
        _toPools(given, harmed, "refuted");
    }

    function _settle(Claim calldata given) private {
        Request storage order = _claimedNow(given);
        if (block.timestamp <= order.deadline) revert NotYet(order.deadline);
        if (address(AUDITS) != address(0)) AUDITS.checkSettle(given);
        order.status = Status.Settled;
        HOSTS.release(order.host, order.fee);
        (Payout memory payout, address owner) = _payoutOf(order, given);
        emit InferenceSettled(given.requestId, order.modelId, order.fee, payout);
        if (payout.contributors > 0) _payContributors(given, payout.contributors);
        if (payout.context > 0) _payContext(given, payout.context);
        _toPools(given, payout.pools, "no row earned");
        if (payout.stakers > 0) STAKING.reward{value: payout.stakers}(order.modelId, given.requestId);
        address[] memory to = new address[](4);
        uint256[] memory amounts = new uint256[](4);
        (to[0], to[1], to[2], to[3]) = (owner, order.host, PARAMETERS.parameters().treasury, order.payer);
        (amounts[0], amounts[1], amounts[2], amounts[3]) =
        (payout.owner, payout.host, payout.platform, payout.refund);
        emit FeePaid(given.requestId, to, amounts);
        _payExactly(to, amounts);
        if (order.bond == 0) return;
        BALANCES.creditFor{value: order.bond}(order.host, "bond", RequestId.unwrap(given.requestId));
    }

    function _payContributors(Claim calldata given, uint256 amount) private {
        uint64[] calldata ids = given.list.contributionIds;
        (address[] memory to, uint256[] memory parts) =
            Earnings.divide(LEDGER, amount, ids, given.list.weights);
        emit ContributorsPaid(given.requestId, ids, to, parts);
        _payExactly(to, parts);
    }

    function _payContext(Claim calldata given, uint256 amount) private {
        uint64[] calldata ids = given.context.contributionIds;
        (address[] memory to, uint256[] memory parts) =
            Earnings.divide(LEDGER, amount, ids, given.context.weights);
        emit ContextPaid(given.requestId, ids, to, parts);
        _payExactly(to, parts);
    }

    function _toPools(Claim calldata given, uint256 amount, bytes32 reason) private {
        if (amount == 0) return;
        POOLS.fundAll{value: amount}(MODELS.snapshotsOf(given.modelId), given.requestId, reason);
    }

    function _payoutOf(Request storage order, Claim calldata given)
        private
        view
        returns (Payout memory payout, address owner)
    {
        ModelTerms memory terms;
        (owner,, terms) = MODELS.termsOf(order.modelId);
        uint256 net = _net(given.tokensIn, given.tokensOut, order.rateIn, order.rateOut);
        payout.platform = _platform(net, order.platformBps);
        payout.refund = order.escrow - net - payout.platform;
        payout.owner = (net * terms.split.owner) / BPS;
        payout.host = (net * terms.split.host) / BPS;
        payout.stakers = (net * terms.split.stakers) / BPS;
        uint256 part = net - payout.owner - payout.host - payout.stakers;
        (payout.context, payout.contributors) = Earnings.partsOf(given, part);
        payout.pools = part - payout.context - payout.contributors;
        if (payout.stakers > 0 && STAKING.totalStake(order.modelId) == 0) {
            payout.owner += payout.stakers;
            payout.stakers = 0;
        }
    }
}
