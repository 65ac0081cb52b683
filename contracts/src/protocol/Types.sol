// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Each counts from 1 in the contract that gives it; 0 is none.
type DatanetId is uint256;
type ContributionId is uint64;
type ModelId is uint256;
type RequestId is uint256;
type DisputeId is uint256;
/// @dev The host's address times 2^64, and the number of its epoch; RequestId times 2^-32 of each of its inferences.
type EpochId is uint256;

using {sameDatanet as ==, otherDatanet as !=} for DatanetId global;
using {sameContribution as ==, otherContribution as !=, earlierContribution as <} for ContributionId global;
using {sameModel as ==, otherModel as !=} for ModelId global;

function sameDatanet(DatanetId a, DatanetId b) pure returns (bool) {
    return DatanetId.unwrap(a) == DatanetId.unwrap(b);
}

function otherDatanet(DatanetId a, DatanetId b) pure returns (bool) {
    return DatanetId.unwrap(a) != DatanetId.unwrap(b);
}

function sameContribution(ContributionId a, ContributionId b) pure returns (bool) {
    return ContributionId.unwrap(a) == ContributionId.unwrap(b);
}

function otherContribution(ContributionId a, ContributionId b) pure returns (bool) {
    return ContributionId.unwrap(a) != ContributionId.unwrap(b);
}

/// @dev Ids follow the order of commitments.
function earlierContribution(ContributionId a, ContributionId b) pure returns (bool) {
    return ContributionId.unwrap(a) < ContributionId.unwrap(b);
}

function sameModel(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) == ModelId.unwrap(b);
}

function otherModel(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) != ModelId.unwrap(b);
}

ContributionId constant NO_CONTRIBUTION = ContributionId.wrap(0);
ModelId constant NO_MODEL = ModelId.wrap(0);

/// @notice A frozen version of a datanet.
struct SnapshotRef {
    DatanetId datanetId;
    uint32 number;
}

/// @notice A model that another was made from.
/// @param bps What it gets of the other's owner's part, in 1/10000.
struct Parent {
    ModelId modelId;
    uint16 bps;
}

/// @notice How a model divides the net fee, in 1/10000; the four sum to 10000.
struct FeeSplit {
    uint16 contributors;
    uint16 owner;
    uint16 host;
    uint16 stakers;
}

uint256 constant BPS = 10_000;
