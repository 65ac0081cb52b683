// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICuration} from "../interfaces/protocol/ICuration.sol";
import {IDatanetRegistry} from "../interfaces/protocol/IDatanetRegistry.sol";
import {IReviewers} from "../interfaces/protocol/IReviewers.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ContributionId, DatanetId} from "./Types.sol";

/// @title What a datanet's reviewers share of the price of access to it.
/// @notice See ICuration. It holds money, so it has no owner and can't be upgraded.
contract Curation is ICuration {
    uint256 private constant SCALE = 1 << 128;

    /// @notice Says which contributions are decided.
    IDatanetRegistry public immutable DATANETS;
    /// @notice Says who opened a vote, and in which datanet.
    IReviewers public immutable REVIEWERS;
    RewardBalances public immutable BALANCES;

    mapping(DatanetId datanetId => Pool) private _pools;
    mapping(DatanetId datanetId => mapping(address reviewer => Curator)) private _curators;
    mapping(ContributionId contributionId => mapping(address reviewer => bool)) public isCounted;
    /// @notice Wei that this contract owes to reviewers.
    uint256 public held;

    constructor(IDatanetRegistry datanets, IReviewers reviewers, RewardBalances balances) {
        (DATANETS, REVIEWERS, BALANCES) = (datanets, reviewers, balances);
    }

    /// @inheritdoc ICuration
    function countVote(ContributionId contributionId, address reviewer) external {
        IDatanetRegistry.Contribution memory contribution = DATANETS.getContribution(contributionId);
        bool isDecided = contribution.status == IDatanetRegistry.Status.Accepted
            || contribution.status == IDatanetRegistry.Status.Rejected;
        DatanetId datanetId = REVIEWERS.openedIn(contributionId, reviewer);
        if (!isDecided || DatanetId.unwrap(datanetId) == 0) revert VoteNotOpened(contributionId, reviewer);
        if (isCounted[contributionId][reviewer]) revert VoteCountedAlready(contributionId, reviewer);
        isCounted[contributionId][reviewer] = true;
        _settled(datanetId, reviewer).shares++;
        _pools[datanetId].shares++;
        emit VoteCounted(datanetId, contributionId, reviewer);
    }

    /// @inheritdoc ICuration
    function fund(DatanetId datanetId) external payable {
        Pool storage pool = _pools[datanetId];
        if (pool.shares == 0) revert NobodyCurates(datanetId);
        // Keeps the scaled sum within 256 bits.
        if (msg.value > type(uint120).max) revert CurationTooLarge(msg.value);
        uint256 scaled = msg.value * SCALE + pool.carry;
        pool.indexPerShare += scaled / pool.shares;
        pool.carry = scaled % pool.shares;
        held += msg.value;
        emit CurationFunded(datanetId, msg.sender, msg.value);
    }

    /// @inheritdoc ICuration
    function draw(DatanetId datanetId, address reviewer) external returns (uint256 amount) {
        Curator storage curator = _settled(datanetId, reviewer);
        amount = curator.scaled / SCALE;
        if (amount == 0) revert NothingCurated(datanetId, reviewer);
        curator.scaled %= SCALE;
        held -= amount;
        emit CurationDrawn(datanetId, reviewer, amount);
        BALANCES.creditFor{value: amount}(reviewer, "curation", DatanetId.unwrap(datanetId));
    }

    /// @inheritdoc ICuration
    function poolOf(DatanetId datanetId) external view returns (Pool memory) {
        return _pools[datanetId];
    }

    /// @inheritdoc ICuration
    function curatorOf(DatanetId datanetId, address reviewer)
        external
        view
        returns (uint64 shares, uint256 amount)
    {
        Curator storage curator = _curators[datanetId][reviewer];
        return (curator.shares, _scaledOf(datanetId, curator) / SCALE);
    }

    function _settled(DatanetId datanetId, address reviewer) private returns (Curator storage curator) {
        curator = _curators[datanetId][reviewer];
        (curator.scaled, curator.paidIndex) = (_scaledOf(datanetId, curator), _pools[datanetId].indexPerShare);
    }

    function _scaledOf(DatanetId datanetId, Curator storage curator) private view returns (uint256) {
        return curator.scaled + curator.shares * (_pools[datanetId].indexPerShare - curator.paidIndex);
    }
}
