// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelRegistry} from "./ModelRegistry.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title Stakes on models, and the stakers' part of fees.
/// @notice Rewards are streamed: what comes in is paid out evenly over the reward period to the stakes of each second, and a stake
/// earns from the next epoch on. So nobody earns by staking for one call. Fractions of a wei are kept: what a division leaves
/// goes into the next one. Stakes and rewards are drawn through RewardBalances. Amounts are wei, times seconds.
contract ModelStaking {
    /// @param amount Wei that earn, once `activeFrom` has come.
    /// @param activeFrom Start of the epoch from which the newest part earns.
    /// @param waiting Wei that earn from `activeFrom` on.
    /// @param paidIndex The pool's reward index up to which `scaledRewards` counts.
    /// @param scaledRewards Earned and not yet claimed, in wei times 2^128.
    /// @param leaving Wei that left the stake and wait.
    /// @param leavesAt When they can be withdrawn.
    struct Position {
        uint256 amount;
        uint256 waiting;
        uint64 activeFrom;
        uint64 leavesAt;
        uint256 paidIndex;
        uint256 scaledRewards;
        uint256 leaving;
    }

    /// @param total Wei that earn.
    /// @param waiting Wei that earn from the next epoch on.
    /// @param ratePerSecond Wei times 2^128 that the stream pays a second, until `streamEnd`.
    /// @param rewardIndex Wei per staked wei since the start, times 2^128.
    /// @param carry Rest of the divisions, in wei times 2^128.
    struct Pool {
        uint256 total;
        uint256 waiting;
        uint256 ratePerSecond;
        uint256 rewardIndex;
        uint256 carry;
        uint64 streamEnd;
        uint64 updatedAt;
    }

    uint256 private constant SCALE = 1 << 128;
    /// @notice Seconds of an epoch: a stake earns from the start of the next one.
    uint64 public immutable EPOCH;

    ProtocolParameters public immutable PARAMETERS;
    ModelRegistry public immutable MODELS;
    RewardBalances public immutable BALANCES;

    mapping(uint256 modelId => Pool) private _pools;
    mapping(uint256 modelId => mapping(address staker => Position)) private _positions;
    /// @dev The pool's reward index at the start of an epoch in which waiting stakes began to earn.
    mapping(uint256 modelId => mapping(uint64 epochStart => uint256)) private _indexAt;
    /// @notice Wei that this contract owes.
    uint256 public held;

    event Staked(uint256 indexed modelId, address indexed staker, uint256 amount, uint64 activeFrom);
    event UnstakeStarted(uint256 indexed modelId, address indexed staker, uint256 amount, uint64 leavesAt);
    event Unstaked(uint256 indexed modelId, address indexed staker, uint256 amount);
    event Rewarded(uint256 indexed modelId, address indexed payer, uint256 amount, uint64 streamEnd);
    event RewardsClaimed(uint256 indexed modelId, address indexed staker, uint256 amount);

    error AmountZero();
    error StakeTooSmall(uint256 staked, uint256 asked);
    error NothingLeaving();
    error TooEarly(uint256 time);
    error NothingEarned();
    error NoStakers(uint256 modelId);
    error AmountTooLarge(uint256 amount);
    error EpochZero();

    constructor(
        ProtocolParameters parameters,
        ModelRegistry models,
        RewardBalances balances,
        uint64 epoch
    ) {
        if (epoch == 0) revert EpochZero();
        (PARAMETERS, MODELS, BALANCES, EPOCH) = (parameters, models, balances, epoch);
    }

    /// @notice Stakes the value sent on a registered model; it earns from the next epoch on.
    function stake(uint256 modelId) external payable {
        if (msg.value == 0) revert AmountZero();
        MODELS.termsOf(modelId);
        Position storage position = _settled(modelId, msg.sender);
        position.waiting += msg.value;
        position.activeFrom = (uint64(block.timestamp) / EPOCH + 1) * EPOCH;
        _pools[modelId].waiting += msg.value;
        held += msg.value;
        emit Staked(modelId, msg.sender, msg.value, position.activeFrom);
    }

    /// @notice Takes `amount` wei out of the stake: it stops to earn now and can be withdrawn after the delay.
    /// A second call before that adds to what waits and starts the delay anew.
    function unstake(uint256 modelId, uint256 amount) external {
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

    /// @notice Moves what has waited long enough to the caller's RewardBalances.
    function withdraw(uint256 modelId) external returns (uint256 amount) {
        Position storage position = _positions[modelId][msg.sender];
        amount = position.leaving;
        if (amount == 0) revert NothingLeaving();
        if (block.timestamp < position.leavesAt) revert TooEarly(position.leavesAt);
        position.leaving = 0;
        held -= amount;
        emit Unstaked(modelId, msg.sender, amount);
        BALANCES.credit{value: amount}(msg.sender);
    }

    /// @notice Adds the value sent to the model's stream, which then ends a reward period from now. Anybody may call; the market
    /// does.
    function reward(uint256 modelId) external payable {
        Pool storage pool = _updated(modelId);
        if (pool.total + pool.waiting == 0) revert NoStakers(modelId);
        // Keeps the scaled sums within 256 bits.
        if (msg.value > type(uint96).max) revert AmountTooLarge(msg.value);
        uint32 period = PARAMETERS.parameters().rewardPeriod;
        uint256 left = block.timestamp < pool.streamEnd
            ? pool.ratePerSecond * (pool.streamEnd - block.timestamp)
            : 0;
        uint256 scaled = left + msg.value * SCALE + pool.carry;
        pool.ratePerSecond = scaled / period;
        pool.carry = scaled % period;
        pool.streamEnd = uint64(block.timestamp + period);
        held += msg.value;
        emit Rewarded(modelId, msg.sender, msg.value, pool.streamEnd);
    }

    /// @notice Moves the caller's rewards to RewardBalances.
    function claimRewards(uint256 modelId) external returns (uint256 amount) {
        Position storage position = _settled(modelId, msg.sender);
        amount = position.scaledRewards / SCALE;
        if (amount == 0) revert NothingEarned();
        position.scaledRewards %= SCALE;
        held -= amount;
        emit RewardsClaimed(modelId, msg.sender, amount);
        BALANCES.credit{value: amount}(msg.sender);
    }

    /// @notice Wei that are staked on a model, those that earn from the next epoch on included.
    function totalStake(uint256 modelId) external view returns (uint256) {
        return _pools[modelId].total + _pools[modelId].waiting;
    }

    /// @notice A staker's position as of its last change.
    function positionOf(uint256 modelId, address staker) external view returns (Position memory) {
        return _positions[modelId][staker];
    }

    /// @dev The pool with its stream counted up to now. Waiting stakes begin to earn where an epoch began.
    function _updated(uint256 modelId) private returns (Pool storage pool) {
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
    function _settled(uint256 modelId, address staker) private returns (Position storage position) {
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
