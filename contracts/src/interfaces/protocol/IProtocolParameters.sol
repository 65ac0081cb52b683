// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeeSplit} from "../../protocol/Types.sol";
import {IndexCommitment} from "../IInfluenceVerifier.sol";

/// @notice What governance sets. Each agreement copies what it needs when it begins: a change never touches requests, claims,
/// registrations, contributions or positions that are there. Wei and seconds.
/// @param treasury Receives the platform's part of fees and parts of what liars lose.
/// @param platformBps The platform's part of a fee, in 1/10000; at most 3000.
/// @param auditBps Chance that a settlement is audited, in 1/10000; at least 1.
/// @param claimBond What a host binds to a claim: it covers gas and spam, the host's stake covers lies.
/// @param registrationBond What an owner binds to a registration until its window ends.
/// @param demandDeposit What a demand (for a record, a query, a delivery) binds until it is answered.
/// @param challengeDeposit What announcing a counter-example binds until it is shown.
/// @param challengeWindow In which a claim can be challenged.
/// @param claimTimeout That a host has to claim; then the escrow goes back.
/// @param demandWindow That a demand gives; silence then decides.
/// @param registrationWindow In which a registration can be challenged before the model serves.
/// @param revealPeriod In which a committed contribution can be revealed, and none after it is accepted before.
/// @param reviewPeriod That reviewers have; an undecided contribution's stake then returns.
/// @param stakePeriod That an accepted contribution's stake stays.
/// @param unstakeDelay Between leaving a stake and having it back.
/// @param rewardPeriod Over which the stakers' part of a fee is streamed.
struct Parameters {
    address treasury;
    uint16 platformBps;
    uint16 auditBps;
    uint128 claimBond;
    uint128 registrationBond;
    uint128 demandDeposit;
    uint128 challengeDeposit;
    uint32 challengeWindow;
    uint32 claimTimeout;
    uint32 demandWindow;
    uint32 registrationWindow;
    uint32 revealPeriod;
    uint32 reviewPeriod;
    uint32 stakePeriod;
    uint32 unstakeDelay;
    uint32 rewardPeriod;
}

/// @notice Bounds on what a model may register, in 1/10000.
struct FeeSplitBounds {
    uint16 contributorsMin;
    uint16 ownerMax;
    uint16 hostMax;
    uint16 stakersMax;
}

/// @notice Bounds on a model's index.
/// @param floorMax Largest floor.
/// @param e0Min, e0Max Unit of a score.
/// @param dimensionMin Fewest values of a sketch.
/// @param topKMin Shortest list.
/// @param rowsMax Most records.
struct IndexBounds {
    uint64 floorMax;
    int16 e0Min;
    int16 e0Max;
    uint16 dimensionMin;
    uint8 topKMin;
    uint32 rowsMax;
}

/// @title The numbers that governance sets.
/// @notice Windows whose silence costs somebody are never shorter than LEAST_WINDOW: on a live chain the sequencing window, in
/// which a censored transaction still comes in through L1.
interface IProtocolParameters {
    event ParametersSet(Parameters parameters);
    event FeeSplitBoundsSet(FeeSplitBounds bounds);
    event IndexBoundsSet(IndexBounds bounds);

    /// @notice `name` must lie in `least` to `most`.
    error ParameterOutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice The four parts sum to `sum`, not to 10000.
    error FeeSplitSum(uint256 sum);
    error FeeSplitOutOfBounds(bytes32 part, uint256 value, uint256 bound);
    error IndexOutOfBounds(bytes32 field, int256 value, int256 bound);
    /// @notice Somebody must be able to set the numbers.
    error CannotRenounce();

    /// @notice The parameters in force.
    function parameters() external view returns (Parameters memory);

    function feeSplitBounds() external view returns (FeeSplitBounds memory);

    function indexBounds() external view returns (IndexBounds memory);

    function setParameters(Parameters calldata next) external;

    /// @notice Models registered before keep their split.
    function setFeeSplitBounds(FeeSplitBounds calldata next) external;

    /// @notice Models registered before keep their index.
    function setIndexBounds(IndexBounds calldata next) external;

    /// @notice Reverts unless `split` sums to 10000 and keeps the bounds.
    function checkFeeSplit(FeeSplit calldata split) external view;

    /// @notice Reverts unless the index keeps the bounds. Its form is the verifier's to check.
    function checkIndexBounds(IndexCommitment calldata index) external view;
}
