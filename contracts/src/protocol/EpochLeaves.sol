// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IChallengedClaims} from "../interfaces/protocol/IChallengedClaims.sol";
import {IEpochLeaves} from "../interfaces/protocol/IEpochLeaves.sol";
import {Claim} from "../interfaces/protocol/IInferenceMarket.sol";
import {IInferenceEpochs, ShownLeaf} from "../interfaces/protocol/IInferenceEpochs.sol";
import {EpochProofs} from "./EpochProofs.sol";
import {EpochId, RequestId} from "./Types.sol";

/// @title Inferences of epochs as claims, for ClaimChallenges.
/// @notice See IEpochLeaves.
contract EpochLeaves is IEpochLeaves, IChallengedClaims {
    IInferenceEpochs public immutable EPOCHS;
    /// @notice The ClaimChallenges that works with this contract in the market's place.
    address public immutable CLAIM_CHALLENGES;

    /// @dev By the claim's hash, which covers epoch and position.
    mapping(bytes32 claimHash => bool) private _opened;

    constructor(IInferenceEpochs epochs, address claimChallenges) {
        (EPOCHS, CLAIM_CHALLENGES) = (epochs, claimChallenges);
    }

    /// @inheritdoc IEpochLeaves
    function open(EpochId epochId, ShownLeaf calldata shown) external {
        EpochProofs.checkLeaf(EPOCHS.epochOf(epochId), shown);
        (RequestId named, RequestId expected) =
            (shown.claim.requestId, EpochProofs.requestOf(epochId, shown.position));
        if (RequestId.unwrap(named) != RequestId.unwrap(expected)) revert LeafMisnamed(named, expected);
        _opened[keccak256(abi.encode(shown.claim))] = true;
        emit LeafOpened(epochId, shown.position, shown.claim);
    }

    /// @inheritdoc IChallengedClaims
    function refute(Claim calldata given, address challenger, uint64 announcedBlock, bytes32 reason)
        external
    {
        if (msg.sender != CLAIM_CHALLENGES) revert NotClaimChallenges(msg.sender);
        EPOCHS.refuteEpoch(EpochProofs.epochOf(given.requestId), challenger, announcedBlock, reason);
    }

    /// @inheritdoc IChallengedClaims
    function checkChallengeable(Claim calldata given) external view {
        checkOpened(given);
        EPOCHS.checkRefutable(EpochProofs.epochOf(given.requestId));
    }

    /// @inheritdoc IEpochLeaves
    function checkOpened(Claim calldata given) public view {
        if (!_opened[keccak256(abi.encode(given))]) revert LeafNotOpened(given.requestId);
    }
}
