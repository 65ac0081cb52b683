// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IModelStaking} from "../interfaces/protocol/IModelStaking.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ModelId, RequestId} from "./Types.sol";

/// @title Stakes on models, and the stakers' part of fees.
/// @notice Rewards are streamed: what comes in is paid out evenly over the reward period to the stakes of each second, and a stake
/// earns from the next epoch on. So nobody earns by staking for one call. Fractions of a wei are kept: what a division leaves
/// goes into the next one. Stakes and rewards are drawn through RewardBalances. Amounts are wei, times seconds.
contract ModelStaking is IModelStaking {
    uint256 private constant SCALE = 1 << 128;
    /// @dev Shares of a wei from which on nothing is slashed any more, so that products stay within 256 bits.
    uint256 private constant MOST_SHARES = 1 << 64;
    /// @notice Seconds of an epoch: a stake earns from the start of the next one.
    uint64 public immutable EPOCH;

    ProtocolParameters public immutable PARAMETERS;
    ModelLedger public immutable MODELS;
    RewardBalances public immutable BALANCES;
    /// @notice Slashes.
    address public immutable MARKET;

    mapping(ModelId modelId => Pool) private _pools;
    mapping(ModelId modelId => mapping(address staker => Position)) private _positions;
    /// @dev The pool's reward index at the start of an epoch in which waiting stakes began to earn.
    mapping(ModelId modelId => mapping(uint64 epochStart => uint256)) private _indexAt;
    /// @notice Wei that this contract owes.
    uint256 public held;

    constructor(
        ProtocolParameters parameters,
        ModelLedger models,
        RewardBalances balances,
        address market,
        uint64 epoch
    ) {
        if (epoch == 0) revert EpochZero();
        (PARAMETERS, MODELS, BALANCES, MARKET, EPOCH) = (parameters, models, balances, market, epoch);
    }

    /// @inheritdoc IModelStaking
    function stake(ModelId modelId) external payable {
        if (msg.value == 0) revert AmountZero();
        MODELS.termsOf(modelId);
        Position storage position = _settled(modelId, msg.sender);
        Pool storage pool = _pools[modelId];
        uint256 shares = pool.shares == 0 ? msg.value : Math.mulDiv(msg.value, pool.shares, pool.assets);
        (pool.shares, pool.assets) = (pool.shares + shares, pool.assets + msg.value);
        position.unstakeDelay = PARAMETERS.parameters().unstakeDelay;
        position.waiting += shares;
        position.activeFrom = (uint64(block.timestamp) / EPOCH + 1) * EPOCH;
        pool.waiting += shares;
        held += msg.value;
        emit Staked(modelId, msg.sender, msg.value, position.activeFrom);
    }

    /// @inheritdoc IModelStaking
    function unstake(ModelId modelId, uint256 amount) external {
        if (amount == 0) revert AmountZero();
        Position storage position = _settled(modelId, msg.sender);
        Pool storage pool = _pools[modelId];
        uint256 all = position.amount + position.waiting;
        uint256 worth = _worth(pool, all);
        if (amount > worth) revert StakeTooSmall(worth, amount);
        uint256 shares =
            amount == worth ? all : Math.mulDiv(amount, pool.shares, pool.assets, Math.Rounding.Ceil);
        // What does not earn yet leaves first.
        uint256 fromWaiting = shares < position.waiting ? shares : position.waiting;
        position.waiting -= fromWaiting;
        position.amount -= shares - fromWaiting;
        pool.waiting -= fromWaiting;
        pool.total -= shares - fromWaiting;
        position.leaving += shares;
        position.leavesAt = uint64(block.timestamp + position.unstakeDelay);
        emit UnstakeStarted(modelId, msg.sender, amount, position.leavesAt);
    }

    /// @inheritdoc IModelStaking
    function withdraw(ModelId modelId) external returns (uint256 amount) {
        Position storage position = _positions[modelId][msg.sender];
        uint256 shares = position.leaving;
        if (shares == 0) revert NothingLeaving();
        if (block.timestamp < position.leavesAt) revert TooEarly(position.leavesAt);
        Pool storage pool = _pools[modelId];
        amount = _worth(pool, shares);
        position.leaving = 0;
        (pool.shares, pool.assets) = (pool.shares - shares, pool.assets - amount);
        held -= amount;
        emit Unstaked(modelId, msg.sender, amount);
        BALANCES.creditFor{value: amount}(msg.sender, "unstaked", ModelId.unwrap(modelId));
    }

    /// @inheritdoc IModelStaking
    function reward(ModelId modelId, RequestId requestId) external payable {
        Pool storage pool = _updated(modelId);
        if (pool.total + pool.waiting == 0) revert NoStakers(modelId);
        // Keeps the scaled sums within 256 bits.
        if (msg.value > type(uint96).max) revert AmountTooLarge(msg.value);
        uint32 period = PARAMETERS.parameters().rewardPeriod;
        uint256 left =
            block.timestamp < pool.streamEnd ? pool.ratePerSecond * (pool.streamEnd - block.timestamp) : 0;
        uint256 scaled = left + msg.value * SCALE + pool.carry;
        pool.ratePerSecond = scaled / period;
        pool.carry = scaled % period;
        pool.streamEnd = uint64(block.timestamp + period);
        held += msg.value;
        emit Rewarded(modelId, requestId, msg.sender, msg.value, pool.streamEnd);
    }

    /// @inheritdoc IModelStaking
    function slash(ModelId modelId, RequestId requestId, uint256 amount) external returns (uint256 taken) {
        if (msg.sender != MARKET) revert NotMarket(msg.sender);
        Pool storage pool = _pools[modelId];
        if (pool.assets == 0 || pool.shares / pool.assets >= MOST_SHARES) return 0;
        taken = Math.min(amount, pool.assets / 2);
        if (taken == 0) return 0;
        pool.assets -= taken;
        held -= taken;
        emit StakesSlashed(modelId, requestId, taken);
        Address.sendValue(payable(MARKET), taken);
    }

    /// @inheritdoc IModelStaking
    function claimRewards(ModelId modelId) external returns (uint256 amount) {
        Position storage position = _settled(modelId, msg.sender);
        amount = position.scaledRewards / SCALE;
        if (amount == 0) revert NothingEarned();
        position.scaledRewards %= SCALE;
        held -= amount;
        emit RewardsClaimed(modelId, msg.sender, amount);
        BALANCES.creditFor{value: amount}(msg.sender, "stakers", ModelId.unwrap(modelId));
    }

    /// @inheritdoc IModelStaking
    function totalStake(ModelId modelId) external view returns (uint256) {
        Pool storage pool = _pools[modelId];
        return _worth(pool, pool.total + pool.waiting);
    }

    /// @inheritdoc IModelStaking
    function positionOf(ModelId modelId, address staker) external view returns (Position memory position) {
        Pool storage pool = _pools[modelId];
        position = _positions[modelId][staker];
        position.amount = _worth(pool, position.amount);
        position.waiting = _worth(pool, position.waiting);
        position.leaving = _worth(pool, position.leaving);
    }

    /// @dev Wei of now, rounded down: what a division leaves stays with the other shares.
    function _worth(Pool storage pool, uint256 shares) private view returns (uint256) {
        return shares == 0 ? 0 : Math.mulDiv(shares, pool.assets, pool.shares);
    }

    /// @dev The pool with its stream counted up to now. Waiting stakes begin to earn where an epoch began.
    function _updated(ModelId modelId) private returns (Pool storage pool) {
        pool = _pools[modelId];
        uint64 next = (pool.updatedAt / EPOCH + 1) * EPOCH;
        if (pool.waiting > 0 && pool.updatedAt > 0 && block.timestamp >= next) {
            _advance(pool, next);
            _indexAt[modelId][next] = pool.rewardIndex;
            (pool.total, pool.waiting) = (pool.total + pool.waiting, 0);
        }
        _advance(pool, uint64(block.timestamp));
    }

    /// @dev While nobody earns, the stream waits: its end moves.
    function _advance(Pool storage pool, uint64 to) private {
        uint64 end = to < pool.streamEnd ? to : pool.streamEnd;
        if (end > pool.updatedAt) {
            uint64 elapsed = end - pool.updatedAt;
            if (pool.total == 0) {
                pool.streamEnd += to - pool.updatedAt;
            } else {
                uint256 scaled = pool.ratePerSecond * elapsed + pool.carry;
                pool.rewardIndex += scaled / pool.total;
                pool.carry = scaled % pool.total;
            }
        }
        pool.updatedAt = to;
    }

    /// @dev A staker's position with its rewards counted up to now.
    function _settled(ModelId modelId, address staker) private returns (Position storage position) {
        Pool storage pool = _updated(modelId);
        position = _positions[modelId][staker];
        position.scaledRewards += position.amount * (pool.rewardIndex - position.paidIndex);
        if (position.waiting > 0 && block.timestamp >= position.activeFrom) {
            uint256 from = _indexAt[modelId][position.activeFrom];
            position.scaledRewards += position.waiting * (pool.rewardIndex - from);
            (position.amount, position.waiting) = (position.amount + position.waiting, 0);
        }
        position.paidIndex = pool.rewardIndex;
    }
}
