// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochId} from "../../protocol/Types.sol";
import {Range, ShownLeaf, ShownPayout} from "./IInferenceEpochs.sol";

/// @title Leaves of epochs that a host has to show, or lose the epoch by silence.
/// @notice The deposit goes to whoever answers; a payer demands its own inferences without one. Each leaf is demanded once, in the epoch's
/// first window; an epoch is not settled before the answer's time and a window to look at it. Wei and seconds.
interface IEpochDemands {
    /// @param by Who demands; 0 if nobody does.
    struct LeafDemand {
        address by;
        uint64 deadline;
        uint128 deposit;
        bool isAnswered;
    }

    event LeafDemanded(
        EpochId indexed epochId, bool isPayout, uint32 position, address indexed by, uint64 deadline
    );
    event LeafPublished(EpochId indexed epochId, ShownLeaf leaf, bytes query);
    event PayoutPublished(EpochId indexed epochId, ShownPayout payout);

    error DepositMismatch(uint256 sent, uint256 required);
    error DemandedBefore(EpochId epochId, bool isPayout, uint32 position);
    error NoSuchDemand(EpochId epochId, bool isPayout, uint32 position);
    error PositionOutOfEpoch(uint256 position, uint256 count);
    error QueryMismatch(bytes32 queryHash);
    error NotYet(uint256 deadline);
    error TooLate(uint256 deadline);

    /// @notice Demands a leaf, with the deposit.
    /// @param isPayout Which of the two trees.
    function demandLeaf(EpochId epochId, bool isPayout, uint32 position) external payable;

    /// @notice Demands an inference of the caller's own.
    /// @param ranges What the epoch was closed with.
    function demandOwnLeaf(EpochId epochId, uint32 position, Range[] calldata ranges) external;

    /// @notice Shows an inference that is demanded, and what its queryHash commits. Anybody may.
    function answerLeaf(EpochId epochId, ShownLeaf calldata leaf, bytes calldata query) external;

    /// @notice Shows a payout that is demanded. Anybody may.
    function answerPayout(EpochId epochId, ShownPayout calldata payout) external;

    /// @notice Refutes the epoch of a demand that nobody answered; who demanded has shown it. Anybody may call.
    function endSilent(EpochId epochId, bool isPayout, uint32 position) external;

    /// @notice Gives back the deposit of a demand whose epoch fell by something else. Anybody may call.
    function returnDeposit(EpochId epochId, bool isPayout, uint32 position) external;

    function demandOf(EpochId epochId, bool isPayout, uint32 position)
        external
        view
        returns (LeafDemand memory);
}
