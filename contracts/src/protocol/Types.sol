// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Each counts from 1 in the contract that gives it.
type DatanetId is uint256;
type ContributionId is uint64;
type ModelId is uint256;
type RequestId is uint256;

using {sameDatanet as ==} for DatanetId global;
using {sameContribution as ==} for ContributionId global;
using {sameModel as ==} for ModelId global;
using {sameRequest as ==} for RequestId global;

function sameDatanet(DatanetId a, DatanetId b) pure returns (bool) {
    return DatanetId.unwrap(a) == DatanetId.unwrap(b);
}

function sameContribution(ContributionId a, ContributionId b) pure returns (bool) {
    return ContributionId.unwrap(a) == ContributionId.unwrap(b);
}

function sameModel(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) == ModelId.unwrap(b);
}

function sameRequest(RequestId a, RequestId b) pure returns (bool) {
    return RequestId.unwrap(a) == RequestId.unwrap(b);
}

/// @notice A frozen version of a datanet.
struct SnapshotRef {
    uint256 datanetId;
    uint32 number;
}

/// @notice How a model divides the net fee, in 1/10000; the four sum to 10000.
struct FeeSplit {
    uint16 contributors;
    uint16 owner;
    uint16 host;
    uint16 stakers;
}

uint256 constant BPS = 10_000;
