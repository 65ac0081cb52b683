// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReviewers} from "../interfaces/protocol/IReviewers.sol";
import {Datanets} from "./Datanets.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {DatanetId} from "./Types.sol";

/// @title Reviewers with their bonds, replacement and pay.
abstract contract Reviewers is Datanets, IReviewers {
    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;

    mapping(DatanetId datanetId => mapping(address reviewer => Bond)) private _bonds;
    mapping(DatanetId datanetId => ReviewPay) private _pay;
    /// @dev Replacements so far: votes for the next one begin anew.
    mapping(DatanetId datanetId => uint256) private _replacements;
    mapping(bytes32 replacement => uint256) private _replaceVotes;
    mapping(bytes32 replacement => mapping(address reviewer => bool)) private _hasVotedReplace;

    constructor(ProtocolParameters parameters, RewardBalances balances) {
        (PARAMETERS, BALANCES) = (parameters, balances);
    }

    /// @inheritdoc IReviewers
    function bondReviewer(DatanetId datanetId) external payable {
        if (!isReviewer[datanetId][msg.sender]) revert NotReviewer(msg.sender);
        Bond storage bond = _bonds[datanetId][msg.sender];
        uint128 whole = _datanet(datanetId).stake;
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
        if (++_replaceVotes[key] < _datanet(datanetId).quorum) return;
        _replacements[datanetId]++;
        (isReviewer[datanetId][leaving], isReviewer[datanetId][coming]) = (false, true);
        if (_bonds[datanetId][leaving].isBonded) _startLeaving(datanetId, leaving);
        emit ReviewerReplaced(datanetId, leaving, coming);
    }

    /// @inheritdoc IReviewers
    function setReviewFee(DatanetId datanetId, uint128 fee) external {
        if (msg.sender != _datanet(datanetId).owner) revert NotDatanetOwner(msg.sender);
        _pay[datanetId].fee = fee;
        emit ReviewFeeSet(datanetId, fee);
    }

    /// @inheritdoc IReviewers
    function fundReviews(DatanetId datanetId) external payable {
        _datanet(datanetId);
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

    /// @dev While the pot lasts.
    function _payVote(DatanetId datanetId, address reviewer) internal {
        ReviewPay storage pay = _pay[datanetId];
        uint128 amount = pay.fee;
        if (amount == 0 || amount > pay.pot) return;
        pay.pot -= amount;
        emit VotePaid(datanetId, reviewer, amount);
        BALANCES.credit{value: amount}(reviewer);
    }

    /// @dev A tenth of the bond; it votes again when the bond is whole.
    function _forfeit(DatanetId datanetId, address reviewer) internal {
        Bond storage bond = _bonds[datanetId][reviewer];
        uint128 lost = bond.amount / 10;
        bond.amount -= lost;
        emit VoteForfeited(datanetId, reviewer, lost);
        if (lost > 0) BALANCES.credit{value: lost}(PARAMETERS.parameters().treasury);
    }

    function _checkBonded(DatanetId datanetId, address reviewer) internal view {
        if (!isReviewer[datanetId][reviewer]) revert NotReviewer(reviewer);
        Bond storage bond = _bonds[datanetId][reviewer];
        if (!bond.isBonded || bond.amount < _datanet(datanetId).stake) revert NotBonded(reviewer);
    }

    /// @dev A vote was committed whose opening ends at `until`: the bond stays longer.
    function _bindVote(DatanetId datanetId, address reviewer, uint64 until) internal {
        Bond storage bond = _bonds[datanetId][reviewer];
        if (until > bond.votesUntil) bond.votesUntil = until;
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
