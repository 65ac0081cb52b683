// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {BPS, FeeSplit} from "./Types.sol";

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
contract ProtocolParameters is Ownable2Step {
    uint16 public constant PLATFORM_BPS_MAX = 3_000;
    uint128 public constant AMOUNT_MAX = 10 ** 24;
    uint32 public constant PERIOD_MAX = 90 days;
    /// @notice Shortest challenge, demand and registration window, in seconds.
    uint32 public immutable LEAST_WINDOW;

    Parameters private _parameters;
    FeeSplitBounds private _splitBounds;
    IndexBounds private _indexBounds;

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

    /// @param governor Who may change the numbers.
    /// @param leastWindow See LEAST_WINDOW; at least 1.
    constructor(
        address governor,
        uint32 leastWindow,
        Parameters memory initial,
        FeeSplitBounds memory splitBounds,
        IndexBounds memory bounds
    ) Ownable(governor) {
        _within("leastWindow", leastWindow, 1, PERIOD_MAX);
        LEAST_WINDOW = leastWindow;
        _setParameters(initial);
        _setSplitBounds(splitBounds);
        _setIndexBounds(bounds);
    }

    /// @notice The parameters in force.
    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    function feeSplitBounds() external view returns (FeeSplitBounds memory) {
        return _splitBounds;
    }

    function indexBounds() external view returns (IndexBounds memory) {
        return _indexBounds;
    }

    function setParameters(Parameters calldata next) external onlyOwner {
        _setParameters(next);
    }

    /// @notice Models registered before keep their split.
    function setFeeSplitBounds(FeeSplitBounds calldata next) external onlyOwner {
        _setSplitBounds(next);
    }

    /// @notice Models registered before keep their index.
    function setIndexBounds(IndexBounds calldata next) external onlyOwner {
        _setIndexBounds(next);
    }

    function renounceOwnership() public view override onlyOwner {
        revert CannotRenounce();
    }

    /// @notice Reverts unless `split` sums to 10000 and keeps the bounds.
    function checkFeeSplit(FeeSplit calldata split) external view {
        uint256 sum = uint256(split.contributors) + split.owner + split.host + split.stakers;
        if (sum != BPS) revert FeeSplitSum(sum);
        FeeSplitBounds memory bounds = _splitBounds;
        if (split.contributors < bounds.contributorsMin) {
            revert FeeSplitOutOfBounds("contributors", split.contributors, bounds.contributorsMin);
        }
        if (split.owner > bounds.ownerMax) revert FeeSplitOutOfBounds("owner", split.owner, bounds.ownerMax);
        if (split.host > bounds.hostMax) revert FeeSplitOutOfBounds("host", split.host, bounds.hostMax);
        if (split.stakers > bounds.stakersMax) {
            revert FeeSplitOutOfBounds("stakers", split.stakers, bounds.stakersMax);
        }
    }

    /// @notice Reverts unless the index keeps the bounds. Its form is the verifier's to check.
    function checkIndexBounds(IndexCommitment calldata index) external view {
        IndexBounds memory bounds = _indexBounds;
        if (index.floor > bounds.floorMax) _index("floor", int64(index.floor), int64(bounds.floorMax));
        if (index.e0 < bounds.e0Min) _index("e0", index.e0, bounds.e0Min);
        if (index.e0 > bounds.e0Max) _index("e0", index.e0, bounds.e0Max);
        if (index.dimension < bounds.dimensionMin) {
            _index("dimension", int256(uint256(index.dimension)), int256(uint256(bounds.dimensionMin)));
        }
        if (index.topK < bounds.topKMin) {
            _index("topK", int256(uint256(index.topK)), int256(uint256(bounds.topKMin)));
        }
        if (index.rows > bounds.rowsMax) {
            _index("rows", int256(uint256(index.rows)), int256(uint256(bounds.rowsMax)));
        }
    }

    function _index(bytes32 field, int256 value, int256 bound) private pure {
        revert IndexOutOfBounds(field, value, bound);
    }

    function _within(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert ParameterOutOfRange(name, value, least, most);
    }

    function _setParameters(Parameters memory next) private {
        if (next.treasury == address(0)) revert ParameterOutOfRange("treasury", 0, 1, type(uint160).max);
        _within("platformBps", next.platformBps, 0, PLATFORM_BPS_MAX);
        _within("auditBps", next.auditBps, 1, BPS);
        _within("claimBond", next.claimBond, 0, AMOUNT_MAX);
        _within("registrationBond", next.registrationBond, 1, AMOUNT_MAX);
        _within("demandDeposit", next.demandDeposit, 1, AMOUNT_MAX);
        _within("challengeDeposit", next.challengeDeposit, 1, AMOUNT_MAX);
        _within("challengeWindow", next.challengeWindow, LEAST_WINDOW, PERIOD_MAX);
        _within("claimTimeout", next.claimTimeout, 1, PERIOD_MAX);
        _within("demandWindow", next.demandWindow, LEAST_WINDOW, PERIOD_MAX);
        _within("registrationWindow", next.registrationWindow, LEAST_WINDOW, PERIOD_MAX);
        _within("revealPeriod", next.revealPeriod, 1, PERIOD_MAX);
        _within("reviewPeriod", next.reviewPeriod, 1, PERIOD_MAX);
        _within("stakePeriod", next.stakePeriod, 0, PERIOD_MAX);
        _within("unstakeDelay", next.unstakeDelay, LEAST_WINDOW, PERIOD_MAX);
        _within("rewardPeriod", next.rewardPeriod, 1, PERIOD_MAX);
        _parameters = next;
        emit ParametersSet(next);
    }

    function _setSplitBounds(FeeSplitBounds memory next) private {
        _within("contributorsMin", next.contributorsMin, 1, BPS);
        _within("ownerMax", next.ownerMax, 0, BPS);
        _within("hostMax", next.hostMax, 0, BPS);
        _within("stakersMax", next.stakersMax, 0, BPS);
        _splitBounds = next;
        emit FeeSplitBoundsSet(next);
    }

    function _setIndexBounds(IndexBounds memory next) private {
        _within("floorMax", next.floorMax, 0, uint64(type(int64).max));
        _within("dimensionMin", next.dimensionMin, 1, 4096);
        _within("topKMin", next.topKMin, 1, 16);
        _within("rowsMax", next.rowsMax, 1, 1 << 24);
        if (next.e0Min > next.e0Max) revert IndexOutOfBounds("e0", next.e0Min, next.e0Max);
        _indexBounds = next;
        emit IndexBoundsSet(next);
    }
}
