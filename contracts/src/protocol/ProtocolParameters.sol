// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @notice What governance sets. A change never touches what was agreed before it: requests, claims and contributions keep the
/// values of their start.
/// @param treasury Receives the platform's part of fees and slashed stakes.
/// @param platformBps The platform's part of a fee, in 1/10000; at most 3000.
/// @param claimBond Wei that a host binds to a claim.
/// @param challengeWindow Seconds in which a claim can be challenged; at least 1.
/// @param claimTimeout Seconds that a host has to claim; then the payer may cancel. At least 1.
/// @param reviewPeriod Seconds that reviewers have; an undecided contribution's stake then returns. At least 1.
/// @param stakePeriod Seconds that an accepted contribution's stake stays.
/// @param unstakeDelay Seconds between leaving a model's stakers and having the stake back.
struct Parameters {
    address treasury;
    uint16 platformBps;
    uint128 claimBond;
    uint32 challengeWindow;
    uint32 claimTimeout;
    uint32 reviewPeriod;
    uint32 stakePeriod;
    uint32 unstakeDelay;
}

/// @notice How a model divides the net fee, in 1/10000; the four sum to 10000.
struct FeeSplit {
    uint16 contributors;
    uint16 owner;
    uint16 host;
    uint16 stakers;
}

/// @notice Bounds on what a model may register, in 1/10000.
struct FeeSplitBounds {
    uint16 contributorsMin;
    uint16 ownerMax;
    uint16 hostMax;
    uint16 stakersMax;
}

/// @title The numbers that governance sets.
contract ProtocolParameters is Ownable2Step {
    uint256 private constant BPS = 10_000;
    uint16 private constant PLATFORM_MAX = 3_000;

    Parameters private _parameters;
    FeeSplitBounds private _bounds;

    event ParametersSet(Parameters parameters);
    event FeeSplitBoundsSet(FeeSplitBounds bounds);

    error ParameterOutOfRange(string name, uint256 value);
    /// @notice The four parts sum to `sum`, not to 10000.
    error FeeSplitSum(uint256 sum);
    error FeeSplitOutOfBounds(string part, uint256 value, uint256 bound);

    /// @param governor Who may change the numbers.
    /// @param initial First parameters.
    /// @param bounds First bounds of splits.
    constructor(address governor, Parameters memory initial, FeeSplitBounds memory bounds) Ownable(governor) {
        _setParameters(initial);
        _setBounds(bounds);
    }

    /// @notice The parameters in force.
    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    /// @notice The bounds in force.
    function feeSplitBounds() external view returns (FeeSplitBounds memory) {
        return _bounds;
    }

    /// @notice Replaces the parameters.
    function setParameters(Parameters calldata next) external onlyOwner {
        _setParameters(next);
    }

    /// @notice Replaces the bounds; models registered before keep their split.
    function setFeeSplitBounds(FeeSplitBounds calldata next) external onlyOwner {
        _setBounds(next);
    }

    /// @notice Reverts unless `split` sums to 10000 and keeps the bounds.
    function checkFeeSplit(FeeSplit calldata split) external view {
        uint256 sum = uint256(split.contributors) + split.owner + split.host + split.stakers;
        if (sum != BPS) revert FeeSplitSum(sum);
        if (split.contributors < _bounds.contributorsMin) {
            revert FeeSplitOutOfBounds("contributors", split.contributors, _bounds.contributorsMin);
        }
        if (split.owner > _bounds.ownerMax) {
            revert FeeSplitOutOfBounds("owner", split.owner, _bounds.ownerMax);
        }
        if (split.host > _bounds.hostMax) revert FeeSplitOutOfBounds("host", split.host, _bounds.hostMax);
        if (split.stakers > _bounds.stakersMax) {
            revert FeeSplitOutOfBounds("stakers", split.stakers, _bounds.stakersMax);
        }
    }

    function _setParameters(Parameters memory next) private {
        if (next.treasury == address(0)) revert ParameterOutOfRange("treasury", 0);
        if (next.platformBps > PLATFORM_MAX) revert ParameterOutOfRange("platformBps", next.platformBps);
        if (next.challengeWindow == 0) revert ParameterOutOfRange("challengeWindow", 0);
        if (next.claimTimeout == 0) revert ParameterOutOfRange("claimTimeout", 0);
        if (next.reviewPeriod == 0) revert ParameterOutOfRange("reviewPeriod", 0);
        _parameters = next;
        emit ParametersSet(next);
    }

    function _setBounds(FeeSplitBounds memory next) private {
        if (next.contributorsMin > BPS) revert ParameterOutOfRange("contributorsMin", next.contributorsMin);
        if (next.ownerMax > BPS) revert ParameterOutOfRange("ownerMax", next.ownerMax);
        if (next.hostMax > BPS) revert ParameterOutOfRange("hostMax", next.hostMax);
        if (next.stakersMax > BPS) revert ParameterOutOfRange("stakersMax", next.stakersMax);
        _bounds = next;
        emit FeeSplitBoundsSet(next);
    }
}
