// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId, DatanetId} from "../../protocol/Types.sol";

/// @title Reviewers with their bonds, replacement and pay.
/// @notice A reviewer votes while it has a bond of the datanet's stake here. The quorum of a datanet's reviewers replaces one of them.
/// Each revealed vote is paid from what was left for reviews. The registry of datanets says who voted, and takes a tenth of a bond
/// to the treasury where a vote was not opened; who is a reviewer, and whose bond it is, are not its to say. So the contract, which holds
/// money, has no owner and can't be upgraded. Wei and seconds.
interface IReviewers {
    /// @param leavesAt When a resigned reviewer can have it back; 0 while it votes.
    /// @param votesUntil When the last vote that it committed must have been opened.
    struct Bond {
        bool isBonded;
        uint128 amount;
        uint64 leavesAt;
        uint64 votesUntil;
    }

    /// @param fee Wei that a revealed vote is paid.
    /// @param pot Wei that are left for it.
    struct ReviewPay {
        uint128 fee;
        uint128 pot;
    }

    /// @param stake A whole bond.
    /// @param quorum Votes that replace a reviewer.
    /// @param count Number of reviewers.
    struct Board {
        uint128 stake;
        uint16 quorum;
        uint16 count;
    }

    event ReviewerBonded(DatanetId indexed datanetId, address indexed reviewer, uint128 amount);
    event ReviewerResigned(DatanetId indexed datanetId, address indexed reviewer, uint64 leavesAt);
    event ReviewerBondReturned(DatanetId indexed datanetId, address indexed reviewer, uint128 amount);
    event ReplacementVoted(
        DatanetId indexed datanetId, address indexed by, address leaving, address coming, bytes32 reasonHash
    );
    event ReviewerReplaced(DatanetId indexed datanetId, address indexed leaving, address indexed coming);
    event ReviewFeeSet(DatanetId indexed datanetId, uint128 fee);
    event ReviewsFunded(DatanetId indexed datanetId, address indexed by, uint256 amount);
    event VotePaid(DatanetId indexed datanetId, address indexed reviewer, uint256 amount);
    event VoteForfeited(DatanetId indexed datanetId, address indexed reviewer, uint256 lost);

    error NotDatanetRegistry(address caller);
    error NotDatanetOwner(address caller);
    error BoardUnknown(DatanetId datanetId);
    error BoardSeated(DatanetId datanetId);
    error ReviewerCount(uint256 count);
    error ReviewerRepeated(address reviewer);
    error QuorumOutOfRange(uint256 quorum, uint256 reviewers);
    error NotReviewer(address caller);
    error NotBonded(address reviewer);
    error AlreadyBonded(address reviewer);
    error BondMismatch(uint256 sent, uint256 required);
    error ReviewerAlready(address account);
    error AlreadyVoted(address reviewer);
    error NothingBonded(address reviewer);
    error TooEarly(uint256 time);

    /// @notice Binds the datanet's stake as the caller's bond, or what is missing of it; it can vote from now on. For reviewers.
    function bondReviewer(DatanetId datanetId) external payable;

    /// @notice The caller votes no more; its bond returns when the votes that it may have cast are over.
    function resign(DatanetId datanetId) external;

    /// @notice Returns a resigned or replaced reviewer's bond. Anybody may call.
    function withdrawBond(DatanetId datanetId, address reviewer) external;

    /// @notice One bonded reviewer's vote to put `coming` in the place of `leaving`; the quorum does it.
    /// @param reasonHash Of the reason's text.
    function voteReplace(DatanetId datanetId, address leaving, address coming, bytes32 reasonHash) external;

    /// @notice Sets what a revealed vote is paid. For the datanet's owner.
    function setReviewFee(DatanetId datanetId, uint128 fee) external;

    /// @notice Leaves the value sent for reviews. Anybody may call.
    function fundReviews(DatanetId datanetId) external payable;

    /// @notice Seats a new datanet's reviewers, once. For the registry.
    /// @param stake A whole bond.
    /// @param reviewers 1 to 64 distinct accounts.
    /// @param quorum 1 to their number.
    function seat(DatanetId datanetId, uint128 stake, address[] calldata reviewers, uint16 quorum) external;

    /// @notice A bonded reviewer commits a vote whose opening ends at `until`: the bond stays longer. For the registry.
    function bindVote(DatanetId datanetId, address reviewer, uint64 until) external;

    /// @notice A reviewer opened its vote on a contribution: it is paid while the pot lasts. For the registry, once for each.
    function openVote(DatanetId datanetId, ContributionId contributionId, address reviewer) external;

    /// @notice A vote was not opened: a tenth of the bond goes to the treasury. For the registry.
    function forfeit(DatanetId datanetId, address reviewer) external;

    /// @notice Reverts unless the account is a reviewer with a whole bond.
    function checkBonded(DatanetId datanetId, address reviewer) external view;

    function isReviewer(DatanetId datanetId, address account) external view returns (bool);

    /// @notice The datanet for which a reviewer opened a vote on a contribution in time; 0: it did not.
    function openedIn(ContributionId contributionId, address reviewer) external view returns (DatanetId);

    function boardOf(DatanetId datanetId) external view returns (Board memory);

    function bondOf(DatanetId datanetId, address reviewer) external view returns (Bond memory);

    function reviewPayOf(DatanetId datanetId) external view returns (ReviewPay memory);
}
