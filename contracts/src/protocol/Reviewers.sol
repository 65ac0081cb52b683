// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReviewers} from "../interfaces/protocol/IReviewers.sol";
import {AttributionLedger} from "./AttributionLedger.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ContributionId, DatanetId} from "./Types.sol";

/// @title Reviewers with their bonds, replacement and pay.
/// @notice See IReviewers. It holds money, so it has no owner and can't be upgraded.
contract Reviewers is IReviewers {
    uint256 private constant MAX_REVIEWERS = 64;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;

    /// @notice Who owns a datanet.
    AttributionLedger public immutable LEDGER;
    /// @notice The registry of datanets.
    address public immutable REGISTRY;

    /// @inheritdoc IReviewers
    mapping(DatanetId datanetId => mapping(address account => bool)) public isReviewer;
    /// @inheritdoc IReviewers
    mapping(ContributionId contributionId => mapping(address reviewer => DatanetId)) public openedIn;
    mapping(DatanetId datanetId => Board) private _boards;
    mapping(DatanetId datanetId => mapping(address reviewer => Bond)) private _bonds;
    mapping(DatanetId datanetId => ReviewPay) private _pay;
    /// @dev Replacements so far: votes for the next one begin anew.
    mapping(DatanetId datanetId => uint256) private _replacements;
    mapping(bytes32 replacement => uint256) private _replaceVotes;
    mapping(bytes32 replacement => mapping(address reviewer => bool)) private _hasVotedReplace;

    modifier onlyRegistry() {
        if (msg.sender != REGISTRY) revert NotDatanetRegistry(msg.sender);
        _;
    }

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        AttributionLedger ledger,
        address registry
    ) {
        (PARAMETERS, BALANCES, LEDGER, REGISTRY) = (parameters, balances, ledger, registry);
    }

    /// @inheritdoc IReviewers
    function seat(DatanetId datanetId, uint128 stake, address[] calldata reviewers, uint16 quorum)
        external
        onlyRegistry
    {
        Board storage board = _boards[datanetId];
        if (board.count != 0) revert BoardSeated(datanetId);
        uint256 count = reviewers.length;
        if (count == 0 || count > MAX_REVIEWERS) revert ReviewerCount(count);
        if (quorum == 0 || quorum > count) revert QuorumOutOfRange(quorum, count);
        for (uint256 i = 0; i < count; i++) {
            if (isReviewer[datanetId][reviewers[i]]) revert ReviewerRepeated(reviewers[i]);
            isReviewer[datanetId][reviewers[i]] = true;
        }
        (board.stake, board.quorum, board.count) = (stake, quorum, uint16(count));
    }

    /// @inheritdoc IReviewers
    function bondReviewer(DatanetId datanetId) external payable {
        if (!isReviewer[datanetId][msg.sender]) revert NotReviewer(msg.sender);
        Bond storage bond = _bonds[datanetId][msg.sender];
        uint128 whole = _board(datanetId).stake;
        uint128 required = whole - bond.amount;
        if (bond.isBonded && required == 0) revert AlreadyBonded(msg.sender);
        if (msg.value != required) revert BondMismatch(msg.value, required);
        (bond.isBonded, bond.amount, bond.leavesAt) = (true, whole, 0);
        emit ReviewerBonded(datanetId, msg.sender, whole);
    }

    /// @inheritdoc IReviewers
    function resign(DatanetId datanetId) external {
        _checkBonded(datanetId, msg.sender);
        _startLeaving(datanetId, msg.sender);
    }

    /// @inheritdoc IReviewers
    function withdrawBond(DatanetId datanetId, address reviewer) external {
        Bond storage bond = _bonds[datanetId][reviewer];
        if (bond.isBonded || bond.amount == 0) revert NothingBonded(reviewer);
        if (block.timestamp < bond.leavesAt) revert TooEarly(bond.leavesAt);
        uint128 amount = bond.amount;
        bond.amount = 0;
        emit ReviewerBondReturned(datanetId, reviewer, amount);
        BALANCES.credit{value: amount}(reviewer);
    }

    /// @inheritdoc IReviewers
    function voteReplace(DatanetId datanetId, address leaving, address coming, bytes32 reasonHash) external {
        _checkBonded(datanetId, msg.sender);
        if (!isReviewer[datanetId][leaving]) revert NotReviewer(leaving);
        if (isReviewer[datanetId][coming] || coming == address(0)) revert ReviewerAlready(coming);
        bytes32 key = keccak256(abi.encode(datanetId, _replacements[datanetId], leaving, coming));
        if (_hasVotedReplace[key][msg.sender]) revert AlreadyVoted(msg.sender);
        _hasVotedReplace[key][msg.sender] = true;
        emit ReplacementVoted(datanetId, msg.sender, leaving, coming, reasonHash);
        if (++_replaceVotes[key] < _board(datanetId).quorum) return;
        _replacements[datanetId]++;
        (isReviewer[datanetId][leaving], isReviewer[datanetId][coming]) = (false, true);
        if (_bonds[datanetId][leaving].isBonded) _startLeaving(datanetId, leaving);
        emit ReviewerReplaced(datanetId, leaving, coming);
    }

    /// @inheritdoc IReviewers
    function setReviewFee(DatanetId datanetId, uint128 fee) external {
        if (msg.sender != LEDGER.ownerOf(datanetId)) revert NotDatanetOwner(msg.sender);
        _pay[datanetId].fee = fee;
        emit ReviewFeeSet(datanetId, fee);
    }

    /// @inheritdoc IReviewers
    function fundReviews(DatanetId datanetId) external payable {
        _board(datanetId);
        _pay[datanetId].pot += uint128(msg.value);
        emit ReviewsFunded(datanetId, msg.sender, msg.value);
    }

    /// @inheritdoc IReviewers
    function bondOf(DatanetId datanetId, address reviewer) external view returns (Bond memory) {
        return _bonds[datanetId][reviewer];
    }

    /// @inheritdoc IReviewers
    function reviewPayOf(DatanetId datanetId) external view returns (ReviewPay memory) {
        return _pay[datanetId];
    }

    /// @inheritdoc IReviewers
    function boardOf(DatanetId datanetId) external view returns (Board memory) {
        return _board(datanetId);
    }

    /// @inheritdoc IReviewers
    function bindVote(DatanetId datanetId, address reviewer, uint64 until) external onlyRegistry {
        _checkBonded(datanetId, reviewer);
        Bond storage bond = _bonds[datanetId][reviewer];
        if (until > bond.votesUntil) bond.votesUntil = until;
    }

    /// @inheritdoc IReviewers
    function openVote(DatanetId datanetId, ContributionId contributionId, address reviewer)
        external
        onlyRegistry
    {
        // Only who had a bond as a reviewer ever committed a vote; one that was replaced since still opens it.
        if (_bonds[datanetId][reviewer].votesUntil == 0) revert NotReviewer(reviewer);
        if (DatanetId.unwrap(openedIn[contributionId][reviewer]) != 0) revert AlreadyVoted(reviewer);
        openedIn[contributionId][reviewer] = datanetId;
        ReviewPay storage pay = _pay[datanetId];
        uint128 amount = pay.fee;
        if (amount == 0 || amount > pay.pot) return;
        pay.pot -= amount;
        emit VotePaid(datanetId, reviewer, amount);
        BALANCES.credit{value: amount}(reviewer);
    }

    /// @inheritdoc IReviewers
    function forfeit(DatanetId datanetId, address reviewer) external onlyRegistry {
        Bond storage bond = _bonds[datanetId][reviewer];
        uint128 lost = bond.amount / 10;
        bond.amount -= lost;
        emit VoteForfeited(datanetId, reviewer, lost);
        if (lost > 0) BALANCES.credit{value: lost}(PARAMETERS.parameters().treasury);
    }

    /// @inheritdoc IReviewers
    function checkBonded(DatanetId datanetId, address reviewer) external view {
        _checkBonded(datanetId, reviewer);
    }

    function _checkBonded(DatanetId datanetId, address reviewer) private view {
        if (!isReviewer[datanetId][reviewer]) revert NotReviewer(reviewer);
        Bond storage bond = _bonds[datanetId][reviewer];
        if (!bond.isBonded || bond.amount < _board(datanetId).stake) revert NotBonded(reviewer);
    }

    function _board(DatanetId datanetId) private view returns (Board storage board) {
        board = _boards[datanetId];
        if (board.count == 0) revert BoardUnknown(datanetId);
    }

    /// @dev Until every vote that it committed is over, and a window in which one that was not opened is forfeited.
    function _startLeaving(DatanetId datanetId, address reviewer) private {
        Bond storage bond = _bonds[datanetId][reviewer];
        bond.isBonded = false;
        uint256 from = bond.votesUntil > block.timestamp ? bond.votesUntil : block.timestamp;
        bond.leavesAt = uint64(from + PARAMETERS.LEAST_WINDOW() + 1);
        emit ReviewerResigned(datanetId, reviewer, bond.leavesAt);
    }
}
