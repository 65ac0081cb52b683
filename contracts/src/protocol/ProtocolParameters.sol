// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IndexCommitment} from "../interfaces/IInfluenceVerifier.sol";
import {
    FeeSplitBounds,
    IProtocolParameters,
    IndexBounds,
    Parameters
} from "../interfaces/protocol/IProtocolParameters.sol";
import {BPS, FeeSplit} from "./Types.sol";

/// @title The numbers that governance sets.
/// @notice Windows whose silence costs somebody are never shorter than LEAST_WINDOW: on a live chain the sequencing window, in
/// which a censored transaction still comes in through L1.
contract ProtocolParameters is IProtocolParameters, Ownable2Step {
    uint16 public constant PLATFORM_BPS_MAX = 3_000;
    uint128 public constant AMOUNT_MAX = 10 ** 24;
    uint32 public constant PERIOD_MAX = 90 days;
    /// @notice Shortest challenge, demand and registration window, in seconds.
    uint32 public immutable LEAST_WINDOW;

    Parameters private _parameters;
    FeeSplitBounds private _splitBounds;
    IndexBounds private _indexBounds;

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

    /// @inheritdoc IProtocolParameters
    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    /// @inheritdoc IProtocolParameters
    function feeSplitBounds() external view returns (FeeSplitBounds memory) {
        return _splitBounds;
    }

    /// @inheritdoc IProtocolParameters
    function indexBounds() external view returns (IndexBounds memory) {
        return _indexBounds;
    }

    /// @inheritdoc IProtocolParameters
    function setParameters(Parameters calldata next) external onlyOwner {
        _setParameters(next);
    }

    /// @inheritdoc IProtocolParameters
    function setFeeSplitBounds(FeeSplitBounds calldata next) external onlyOwner {
        _setSplitBounds(next);
    }

    /// @inheritdoc IProtocolParameters
    function setIndexBounds(IndexBounds calldata next) external onlyOwner {
        _setIndexBounds(next);
    }

    function renounceOwnership() public view override onlyOwner {
        revert CannotRenounce();
    }

    /// @inheritdoc IProtocolParameters
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

    /// @inheritdoc IProtocolParameters
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
        _within("claimTimeout", next.claimTimeout, LEAST_WINDOW, PERIOD_MAX);
        _within("demandWindow", next.demandWindow, LEAST_WINDOW, PERIOD_MAX);
        _within("registrationWindow", next.registrationWindow, LEAST_WINDOW, PERIOD_MAX);
        _within("revealPeriod", next.revealPeriod, LEAST_WINDOW, PERIOD_MAX);
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
