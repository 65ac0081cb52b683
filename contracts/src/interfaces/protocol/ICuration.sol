// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId, DatanetId} from "../../protocol/Types.sol";

/// @title What a datanet's reviewers share of the price of access to it.
/// @notice A reviewer has one share for each of its opened votes on contributions that were accepted or rejected, from the moment in
/// which anybody has the vote counted. What comes in is divided over the shares of then. Reviewers pull. Wei.
interface ICuration {
    /// @param shares Votes that were counted.
    /// @param indexPerShare Wei per share since the start, times 2^128.
    /// @param carry Rest of the last division, in wei times 2^128.
    struct Pool {
        uint64 shares;
        uint256 indexPerShare;
        uint256 carry;
    }

    /// @param paidIndex The pool's index up to which `scaled` has what the shares earned.
    /// @param scaled Wei that wait, times 2^128.
    struct Curator {
        uint64 shares;
        uint256 paidIndex;
        uint256 scaled;
    }

    event VoteCounted(
        DatanetId indexed datanetId, ContributionId indexed contributionId, address indexed reviewer
    );
    event CurationFunded(DatanetId indexed datanetId, address indexed by, uint256 amount);
    event CurationDrawn(DatanetId indexed datanetId, address indexed reviewer, uint256 amount);

    /// @notice The reviewer opened no vote on this contribution, or it was neither accepted nor rejected.
    error VoteNotOpened(ContributionId contributionId, address reviewer);
    error VoteCountedAlready(ContributionId contributionId, address reviewer);
    error NobodyCurates(DatanetId datanetId);
    error CurationTooLarge(uint256 amount);
    error NothingCurated(DatanetId datanetId, address reviewer);

    /// @notice Gives a reviewer its share for an opened vote. Anybody may call, once for each vote.
    function countVote(ContributionId contributionId, address reviewer) external;

    /// @notice Divides the value sent over the counted votes of a datanet; there must be one. Anybody may call; DataAccess does.
    function fund(DatanetId datanetId) external payable;

    /// @notice Moves what waits for a reviewer to its reward balance. Anybody may call.
    function draw(DatanetId datanetId, address reviewer) external returns (uint256 amount);

    function poolOf(DatanetId datanetId) external view returns (Pool memory);

    /// @notice A reviewer's shares in a datanet, with what waits for it.
    /// @return shares Votes that were counted.
    /// @return amount Wei.
    function curatorOf(DatanetId datanetId, address reviewer)
        external
        view
        returns (uint64 shares, uint256 amount);
}
