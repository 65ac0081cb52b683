// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelStaking} from "../interfaces/protocol/IModelStaking.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {ModelId} from "./Types.sol";

/// @title Stakes on models, and the stakers' part of fees.
/// @notice Rewards are streamed: what comes in is paid out evenly over the reward period to the stakes of each second, and a stake
/// earns from the next epoch on. So nobody earns by staking for one call. Fractions of a wei are kept: what a division leaves
/// goes into the next one. Stakes and rewards are drawn through RewardBalances. Amounts are wei, times seconds.
contract ModelStaking is IModelStaking {
    uint256 private constant SCALE = 1 << 128;
    /// @notice Seconds of an epoch: a stake earns from the start of the next one.
    uint64 public immutable EPOCH;

    ProtocolParameters public immutable PARAMETERS;
    ModelRegistry public immutable MODELS;
    RewardBalances public immutable BALANCES;

    mapping(ModelId modelId => Pool) private _pools;
    mapping(ModelId modelId => mapping(address staker => Position)) private _positions;
    /// @dev The pool's reward index at the start of an epoch in which waiting stakes began to earn.
    mapping(ModelId modelId => mapping(uint64 epochStart => uint256)) private _indexAt;
    /// @notice Wei that this contract owes.
    uint256 public held;

    constructor(ProtocolParameters parameters, ModelRegistry models, RewardBalances balances, uint64 epoch) {
        if (epoch == 0) revert EpochZero();
        (PARAMETERS, MODELS, BALANCES, EPOCH) = (parameters, models, balances, epoch);
    }

    /// @inheritdoc IModelStaking
    function stake(ModelId modelId) external payable {
        if (msg.value == 0) revert AmountZero();
        MODELS.termsOf(modelId);
        Position storage position = _settled(modelId, msg.sender);
        position.waiting += msg.value;
        position.activeFrom = (uint64(block.timestamp) / EPOCH + 1) * EPOCH;
        _pools[modelId].waiting += msg.value;
        held += msg.value;
        emit Staked(modelId, msg.sender, msg.value, position.activeFrom);
    }

    /// @inheritdoc IModelStaking
    function unstake(ModelId modelId, uint256 amount) external {
        if (amount == 0) revert AmountZero();
        Position storage position = _settled(modelId, msg.sender);
        uint256 all = position.amount + position.waiting;
        if (amount > all) revert StakeTooSmall(all, amount);
        // What does not earn yet leaves first.
        uint256 fromWaiting = amount < position.waiting ? amount : position.waiting;
        position.waiting -= fromWaiting;
        position.amount -= amount - fromWaiting;
        _pools[modelId].waiting -= fromWaiting;
        _pools[modelId].total -= amount - fromWaiting;
        position.leaving += amount;
        position.leavesAt = uint64(block.timestamp + PARAMETERS.parameters().unstakeDelay);
        emit UnstakeStarted(modelId, msg.sender, amount, position.leavesAt);
    }

    /// @inheritdoc IModelStaking
    function withdraw(ModelId modelId) external returns (uint256 amount) {
        Position storage position = _positions[modelId][msg.sender];
        amount = position.leaving;
        if (amount == 0) revert NothingLeaving();
        if (block.timestamp < position.leavesAt) revert TooEarly(position.leavesAt);
        position.leaving = 0;
        held -= amount;
        emit Unstaked(modelId, msg.sender, amount);
        BALANCES.credit{value: amount}(msg.sender);
    }

    /// @inheritdoc IModelStaking
    function reward(ModelId modelId) external payable {
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
        emit Rewarded(modelId, msg.sender, msg.value, pool.streamEnd);
    }

    /// @inheritdoc IModelStaking
    function claimRewards(ModelId modelId) external returns (uint256 amount) {
        Position storage position = _settled(modelId, msg.sender);
        amount = position.scaledRewards / SCALE;
        if (amount == 0) revert NothingEarned();
        position.scaledRewards %= SCALE;
        held -= amount;
        emit RewardsClaimed(modelId, msg.sender, amount);
        BALANCES.credit{value: amount}(msg.sender);
    }

    /// @inheritdoc IModelStaking
    function totalStake(ModelId modelId) external view returns (uint256) {
        return _pools[modelId].total + _pools[modelId].waiting;
    }

    /// @inheritdoc IModelStaking
    function positionOf(ModelId modelId, address staker) external view returns (Position memory) {
        return _positions[modelId][staker];
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
