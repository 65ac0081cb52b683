// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochId, RequestId} from "../../protocol/Types.sol";
import {ShownLeaf} from "./IInferenceEpochs.sol";
import {Claim} from "./IInferenceMarket.sol";

/// @title Inferences of epochs as claims, for ClaimChallenges and EpochAudits.
/// @notice Whoever wants to challenge an inference's scores, rows, weights or spans announces that, opens the inference here by its path,
/// and challenges its claim as any other.
interface IEpochLeaves {
    /// @notice The whole claim: whoever opens an inference, and however, a panel can read what it judges.
    event LeafOpened(EpochId indexed epochId, uint32 indexed position, Claim claim);

    /// @notice The leaf names its claim wrongly: that is challengeLeaf's.
    error LeafMisnamed(RequestId named, RequestId expected);
    error LeafNotOpened(RequestId requestId);
    error NotClaimChallenges(address caller);

    /// @notice Opens an inference of an epoch. Anybody may call.
    function open(EpochId epochId, ShownLeaf calldata shown) external;

    /// @notice Reverts unless the claim is that of an opened inference.
    function checkOpened(Claim calldata given) external view;
}
