// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContributionId, DisputeId} from "../../protocol/Types.sol";

/// @title Stakes that contributors lost, and their appeals.
/// @notice What reviewers or a proof of plagiarism take waits here for a window. The contributor may appeal meanwhile, for a panel's
/// fee: verifiers read the text against the datanet's rules. Their verdict is over the stake alone; what a datanet takes in is its
/// reviewers' to say. Where nobody reveals, or no panel agrees, the loss stands. Wei and seconds.
interface IStakeLosses {
    enum Status {
        None,
        /// @dev Can be appealed until the deadline.
        Held,
        Appealed,
        /// @dev Paid out, one way or the other.
        Ended
    }

    /// @param finder Gets half of what stands; 0 where reviewers decided, then the treasury gets all.
    /// @param deadline Until when it can be appealed.
    /// @param reason rejected, excluded or plagiarism.
    struct Loss {
        address contributor;
        Status status;
        uint64 deadline;
        address finder;
        uint128 amount;
        bytes32 reason;
        DisputeId disputeId;
    }

    event StakeLost(
        ContributionId indexed contributionId,
        address indexed contributor,
        address indexed finder,
        bytes32 reason,
        uint128 amount,
        uint64 deadline
    );
    event LossAppealed(
        ContributionId indexed contributionId, DisputeId indexed disputeId, bytes32 reasonHash
    );
    event LossEnded(ContributionId indexed contributionId, bool stands, uint128 amount);

    error NotStakes(address caller);
    error NoAppeals();
    error NotContributor(address caller);
    error LossStatus(ContributionId contributionId, Status actual);
    error FeeMismatch(uint256 sent, uint256 required);
    error TooLate(uint256 deadline);
    error NotYet(uint256 deadline);
    error VerdictMissing(DisputeId disputeId);

    /// @notice Takes a lost stake, the value sent. For ContributionStakes.
    function hold(ContributionId contributionId, address contributor, address finder, bytes32 reason)
        external
        payable;

    /// @notice Asks a panel whether the loss stands, for its fee. For the contributor, in time.
    /// @param reasonHash Of the appeal's text.
    function appeal(ContributionId contributionId, bytes32 reasonHash)
        external
        payable
        returns (DisputeId disputeId);

    /// @notice Has a larger panel look again within a window of the verdict, for the fee. Anybody may.
    function escalate(ContributionId contributionId) external payable;

    /// @notice Pays out a loss that was not appealed in time, or was decided. Anybody may call.
    function end(ContributionId contributionId) external;

    /// @notice What a panel's results are compared with: keccak256(abi.encode("loss", contributionId, reason, stands)), `stands` true.
    /// Whoever finds that the stake should return reveals the same with false.
    function valueOf(ContributionId contributionId, bool stands) external view returns (bytes32);

    function lossOf(ContributionId contributionId) external view returns (Loss memory);
}
