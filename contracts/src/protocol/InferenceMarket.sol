// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInfluenceVerifier, IndexCommitment, InfluenceClaim} from "../interfaces/IInfluenceVerifier.sol";
import {InferenceRequests} from "./InferenceRequests.sol";
import {ModelRegistry, ModelTerms} from "./ModelRegistry.sol";
import {ModelStaking} from "./ModelStaking.sol";
import {INFLUENCE_VERIFIER, REWARD_SPLITTER} from "./Precompiles.sol";
import {FeeSplit, Parameters, ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @notice What a host posts for an inference. Only its hash is stored; whoever challenges or settles brings it again from the
/// InferenceClaimed event.
/// @param outputHash keccak256 over the answer's token ids, each as u32 big endian.
/// @param tokensIn Prompt tokens, at most the request's maximum.
/// @param tokensOut Answer tokens, at most the request's maximum.
/// @param influence Which training examples made the answer.
struct Claim {
    bytes32 outputHash;
    uint32 tokensIn;
    uint32 tokensOut;
    InfluenceClaim influence;
}

/// @title Paid inferences: request, claim, challenge, settlement.
/// @notice A claim is proved (records and paths travel with it) or optimistic (they come with a challenge). Both can be
/// challenged until their window ends. Neither proves the query sketch or the answer: only re-execution does. A challenge needs
/// no bond: its counter-example is decided at once. The first challenge wins: a host whose lie is found can still save its bond
/// by challenging itself before the watcher is heard, but never the fee. Amounts are wei, times seconds.
contract InferenceMarket is InferenceRequests {
    enum Challenge {
        Score,
        Omission,
        Weights
    }

    /// @notice Where the escrow goes, in wei; sums to it.
    /// @param platform The platform's part, to the treasury.
    /// @param refund Back to the payer: what was not used, and the contributors' part if no example earned.
    struct Payout {
        uint256 contributors;
        uint256 owner;
        uint256 host;
        uint256 stakers;
        uint256 platform;
        uint256 refund;
    }

    ModelStaking public immutable STAKING;
    RewardBalances public immutable BALANCES;

    event InferenceClaimed(
        uint256 indexed requestId,
        uint256 indexed modelId,
        address indexed host,
        bool proved,
        Claim claim,
        bytes32 claimHash,
        uint256 bond,
        uint64 challengeDeadline
    );
    /// @notice `challenger` showed that the claim is false and received `bond`; `refund` went back to the payer.
    event InferenceRefuted(
        uint256 indexed requestId,
        address indexed host,
        address indexed challenger,
        Challenge challenge,
        uint256 bond,
        uint256 refund
    );
    event InferenceSettled(uint256 indexed requestId, uint256 indexed modelId, uint256 fee, Payout payout);

    error BondMismatch(uint256 sent, uint256 required);
    error TokensOverMaximum(uint256 tokensIn, uint256 tokensOut);
    error TooLate(uint256 deadline);
    /// @notice The claim given is not the one that was posted.
    error ClaimMismatch(bytes32 posted, bytes32 given);
    error PositionOutOfRange(uint256 position);
    /// @notice The record is of another row than the one under challenge.
    error WrongRow(uint32 given, uint32 expected);
    /// @notice The row is in the claimed list.
    error RowListed(uint32 rowId);
    /// @notice The counter-example does not contradict the claim.
    error ClaimStands();

    constructor(
        ProtocolParameters parameters,
        ModelRegistry models,
        ModelStaking staking,
        RewardBalances balances
    ) InferenceRequests(parameters, models) {
        STAKING = staking;
        BALANCES = balances;
    }

    /// @notice Posts a claim whose scores and weights nobody has checked yet. For the request's host, with the bond.
    function claim(uint256 requestId, Claim calldata given) external payable nonReentrant {
        Request storage order = _claimable(requestId, given);
        INFLUENCE_VERIFIER.checkClaim(MODELS.indexOf(order.modelId), given.influence);
        _post(requestId, order, given, false);
    }

    /// @notice Posts a claim with the records that show its scores and weights. For the request's host, with the bond.
    /// @param records The committed record of each listed row.
    /// @param paths Their Merkle paths.
    function claimProved(
        uint256 requestId,
        Claim calldata given,
        bytes[] calldata records,
        bytes32[][] calldata paths
    ) external payable nonReentrant {
        Request storage order = _claimable(requestId, given);
        INFLUENCE_VERIFIER.verifyTopK(MODELS.indexOf(order.modelId), given.influence, records, paths);
        _post(requestId, order, given, true);
    }

    /// @notice Shows that a listed row has another score than claimed, or none (its values or its exponent give it no score).
    /// @param position The row's place in the list.
    /// @param record Its committed record.
    /// @param path The record's Merkle path.
    function challengeScore(
        uint256 requestId,
        Claim calldata given,
        uint256 position,
        bytes calldata record,
        bytes32[] calldata path
    ) external nonReentrant {
        Request storage order = _challengeable(requestId, given);
        InfluenceClaim calldata influence = given.influence;
        if (position >= influence.rowIds.length) revert PositionOutOfRange(position);
        IndexCommitment memory index = MODELS.indexOf(order.modelId);
        try INFLUENCE_VERIFIER.scoreOf(index, influence.query, record, path) returns (
            uint32 rowId, address, int64 score
        ) {
            if (rowId != influence.rowIds[position]) revert WrongRow(rowId, influence.rowIds[position]);
            if (score == influence.scores[position]) revert ClaimStands();
        } catch (bytes memory reason) {
            _expectNoScore(reason);
            // The verifier found the record committed before it looked for a score, so these bytes are the row's id.
            uint32 rowId = uint32(bytes4(record[:4]));
            if (rowId != influence.rowIds[position]) revert WrongRow(rowId, influence.rowIds[position]);
        }
        _refute(requestId, order, Challenge.Score);
    }

    /// @notice Shows a row outside the list that comes before the list's last one.
    /// @param record The row's committed record.
    /// @param path The record's Merkle path.
    function challengeOmitted(
        uint256 requestId,
        Claim calldata given,
        bytes calldata record,
        bytes32[] calldata path
    ) external nonReentrant {
        Request storage order = _challengeable(requestId, given);
        InfluenceClaim calldata influence = given.influence;
        (uint32 rowId,, int64 score) =
            INFLUENCE_VERIFIER.scoreOf(MODELS.indexOf(order.modelId), influence.query, record, path);
        uint256 last = influence.rowIds.length - 1;
        for (uint256 i = 0; i <= last; i++) {
            if (influence.rowIds[i] == rowId) revert RowListed(rowId);
        }
        bool better = score > influence.scores[last]
            || (score == influence.scores[last] && rowId < influence.rowIds[last]);
        if (!better) revert ClaimStands();
        _refute(requestId, order, Challenge.Omission);
    }

    /// @notice Shows that the weights do not follow from the claimed scores and the contributors in the records.
    /// @param records The committed record of each listed row.
    /// @param paths Their Merkle paths.
    function challengeWeights(
        uint256 requestId,
        Claim calldata given,
        bytes[] calldata records,
        bytes32[][] calldata paths
    ) external nonReentrant {
        Request storage order = _challengeable(requestId, given);
        InfluenceClaim calldata influence = given.influence;
        (uint32[] memory rowIds, address[] memory contributors, uint256[] memory weights) =
            INFLUENCE_VERIFIER.weightsOf(MODELS.indexOf(order.modelId), influence.scores, records, paths);
        for (uint256 i = 0; i < rowIds.length; i++) {
            if (rowIds[i] != influence.rowIds[i]) revert WrongRow(rowIds[i], influence.rowIds[i]);
        }
        if (_sameWeights(influence, contributors, weights)) revert ClaimStands();
        _refute(requestId, order, Challenge.Weights);
    }

    /// @notice Pays out an unchallenged claim after its window. Anybody may call.
    function settle(uint256 requestId, Claim calldata given) external nonReentrant {
        Request storage order = _claimed(requestId, given);
        if (block.timestamp <= order.deadline) revert TooEarly(order.deadline);
        order.status = Status.Settled;
        (Payout memory payout, address owner) = _payoutOf(order, given);
        emit InferenceSettled(requestId, order.modelId, _feeOf(order, given), payout);
        if (payout.contributors > 0) {
            REWARD_SPLITTER.pay{value: payout.contributors}(
                given.influence.contributors, given.influence.weights
            );
        }
        if (payout.stakers > 0) STAKING.reward{value: payout.stakers}(order.modelId);
        address[] memory to = new address[](4);
        (to[0], to[1], to[2], to[3]) = (owner, order.host, PARAMETERS.parameters().treasury, order.payer);
        uint256[] memory amounts = new uint256[](4);
        (amounts[0], amounts[1], amounts[2], amounts[3]) =
        (payout.owner, payout.host, payout.platform, payout.refund);
        _payExactly(to, amounts);
        if (order.bond > 0) BALANCES.credit{value: order.bond}(order.host);
    }

    /// @notice What settling `given` for this request would pay now.
    function payoutOf(uint256 requestId, Claim calldata given) external view returns (Payout memory payout) {
        (payout,) = _payoutOf(_known(requestId), given);
    }

    /// @notice The hash by which a claim is stored.
    function hashOf(Claim calldata given) public pure returns (bytes32) {
        return keccak256(abi.encode(given));
    }

    function _claimable(uint256 requestId, Claim calldata given)
        private
        view
        returns (Request storage order)
    {
        order = _known(requestId);
        if (order.status != Status.Requested) revert StatusMismatch(requestId, order.status);
        if (msg.sender != order.host) revert NotHost(msg.sender);
        if (block.timestamp > order.deadline) revert TooLate(order.deadline);
        if (given.tokensIn > order.maxTokensIn || given.tokensOut > order.maxTokensOut) {
            revert TokensOverMaximum(given.tokensIn, given.tokensOut);
        }
    }

    function _post(uint256 requestId, Request storage order, Claim calldata given, bool proved) private {
        Parameters memory parameters = PARAMETERS.parameters();
        if (msg.value != parameters.claimBond) revert BondMismatch(msg.value, parameters.claimBond);
        bytes32 claimHash = hashOf(given);
        uint64 deadline = uint64(block.timestamp + parameters.challengeWindow);
        order.status = Status.Claimed;
        order.proved = proved;
        order.deadline = deadline;
        order.bond = msg.value;
        order.claimHash = claimHash;
        emit InferenceClaimed(
            requestId, order.modelId, msg.sender, proved, given, claimHash, msg.value, deadline
        );
    }

    function _claimed(uint256 requestId, Claim calldata given) private view returns (Request storage order) {
        order = _known(requestId);
        if (order.status != Status.Claimed) revert StatusMismatch(requestId, order.status);
        bytes32 hash = hashOf(given);
        if (hash != order.claimHash) revert ClaimMismatch(order.claimHash, hash);
    }

    function _challengeable(uint256 requestId, Claim calldata given)
        private
        view
        returns (Request storage order)
    {
        order = _claimed(requestId, given);
        if (block.timestamp > order.deadline) revert TooLate(order.deadline);
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
        InfluenceClaim calldata influence,
        address[] memory contributors,
        uint256[] memory weights
    ) private pure returns (bool) {
        if (influence.contributors.length != contributors.length) return false;
        for (uint256 i = 0; i < contributors.length; i++) {
            if (influence.contributors[i] != contributors[i] || influence.weights[i] != weights[i]) {
                return false;
            }
        }
        return true;
    }

    /// @dev The bond goes to whoever showed it, the escrow back to the payer.
    function _refute(uint256 requestId, Request storage order, Challenge challenge) private {
        order.status = Status.Refuted;
        emit InferenceRefuted(requestId, order.host, msg.sender, challenge, order.bond, order.escrow);
        _payOne(order.payer, order.escrow);
        if (order.bond > 0) BALANCES.credit{value: order.bond}(msg.sender);
    }

    function _payoutOf(Request storage order, Claim calldata given)
        private
        view
        returns (Payout memory payout, address owner)
    {
        ModelTerms memory terms;
        (owner,, terms) = MODELS.termsOf(order.modelId);
        FeeSplit memory split = terms.split;
        uint256 net = _net(given.tokensIn, given.tokensOut, order.rateIn, order.rateOut);
        payout.platform = _platform(net, order.platformBps);
        payout.refund = order.escrow - net - payout.platform;
        payout.owner = (net * split.owner) / BPS;
        payout.host = (net * split.host) / BPS;
        payout.stakers = (net * split.stakers) / BPS;
        payout.contributors = net - payout.owner - payout.host - payout.stakers;
        if (payout.stakers > 0 && STAKING.totalStake(order.modelId) == 0) {
            payout.owner += payout.stakers;
            payout.stakers = 0;
        }
        if (given.influence.weights.length == 0) {
            payout.refund += payout.contributors;
            payout.contributors = 0;
        }
    }

    /// @dev Net and the platform's part.
    function _feeOf(Request storage order, Claim calldata given) private view returns (uint256) {
        uint256 net = _net(given.tokensIn, given.tokensOut, order.rateIn, order.rateOut);
        return net + _platform(net, order.platformBps);
    }
}
