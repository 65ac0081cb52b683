// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelRegistry} from "./ModelRegistry.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title Stakes on models, and the stakers' part of fees.
/// @notice Rewards go to the stakers of the moment in proportion to their stakes. Fractions of a wei are kept, never dropped:
/// what a division leaves over goes into the next one. Stakes and rewards are drawn through RewardBalances. Amounts are wei,
/// times seconds.
contract ModelStaking {
    /// @param amount Wei that earn.
    /// @param paidIndex The pool's reward index up to which `scaledRewards` counts.
    /// @param scaledRewards Earned and not yet claimed, in wei times 2^128.
    /// @param leaving Wei that left the stake and wait.
    /// @param leavesAt When they can be withdrawn.
    struct Position {
        uint256 amount;
        uint256 paidIndex;
        uint256 scaledRewards;
        uint256 leaving;
        uint64 leavesAt;
    }

    /// @param total Wei that earn.
    /// @param rewardIndex Wei per staked wei since the start, times 2^128.
    /// @param carry Rest of the last division, in wei times 2^128.
    struct Pool {
        uint256 total;
        uint256 rewardIndex;
        uint256 carry;
    }

    uint256 private constant SCALE = 1 << 128;

    ProtocolParameters public immutable PARAMETERS;
    ModelRegistry public immutable MODELS;
    RewardBalances public immutable BALANCES;

    mapping(uint256 modelId => Pool) private _pools;
    mapping(uint256 modelId => mapping(address staker => Position)) private _positions;

    event Staked(uint256 indexed modelId, address indexed staker, uint256 amount);
    event UnstakeStarted(uint256 indexed modelId, address indexed staker, uint256 amount, uint64 leavesAt);
    event Unstaked(uint256 indexed modelId, address indexed staker, uint256 amount);
    event Rewarded(uint256 indexed modelId, address indexed payer, uint256 amount);
    event RewardsClaimed(uint256 indexed modelId, address indexed staker, uint256 amount);

    error AmountZero();
    error StakeTooSmall(uint256 staked, uint256 asked);
    error NothingLeaving();
    error TooEarly(uint256 time);
    error NothingEarned();
    error NoStakers(uint256 modelId);
    error AmountTooLarge(uint256 amount);

    constructor(ProtocolParameters parameters, ModelRegistry models, RewardBalances balances) {
        PARAMETERS = parameters;
        MODELS = models;
        BALANCES = balances;
    }

    /// @notice Stakes the value sent on a registered model.
    function stake(uint256 modelId) external payable {
        if (msg.value == 0) revert AmountZero();
        MODELS.termsOf(modelId);
        Position storage position = _settled(modelId, msg.sender);
        position.amount += msg.value;
        _pools[modelId].total += msg.value;
        emit Staked(modelId, msg.sender, msg.value);
    }

    /// @notice Takes `amount` wei out of the stake: it stops to earn now and can be withdrawn after the delay.
    /// A second call before that adds to what waits and starts the delay anew.
    function unstake(uint256 modelId, uint256 amount) external {
        if (amount == 0) revert AmountZero();
        Position storage position = _settled(modelId, msg.sender);
        if (amount > position.amount) revert StakeTooSmall(position.amount, amount);
        position.amount -= amount;
        _pools[modelId].total -= amount;
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
        emit Unstaked(modelId, msg.sender, amount);
        BALANCES.credit{value: amount}(msg.sender);
    }

    /// @notice Divides the value sent among the model's stakers. Anybody may call; the market does.
    function reward(uint256 modelId) external payable {
        Pool storage pool = _pools[modelId];
        if (pool.total == 0) revert NoStakers(modelId);
        // Keeps the scaled sum within 256 bits.
        if (msg.value > type(uint120).max) revert AmountTooLarge(msg.value);
        uint256 scaled = msg.value * SCALE + pool.carry;
        pool.rewardIndex += scaled / pool.total;
        pool.carry = scaled % pool.total;
        emit Rewarded(modelId, msg.sender, msg.value);
    }

    /// @notice Moves the caller's rewards to RewardBalances.
    function claimRewards(uint256 modelId) external returns (uint256 amount) {
        Position storage position = _settled(modelId, msg.sender);
        amount = position.scaledRewards / SCALE;
        if (amount == 0) revert NothingEarned();
        position.scaledRewards %= SCALE;
        emit RewardsClaimed(modelId, msg.sender, amount);
        BALANCES.credit{value: amount}(msg.sender);
    }

    /// @notice Wei that earn on a model.
    function totalStake(uint256 modelId) external view returns (uint256) {
        return _pools[modelId].total;
    }

    /// @notice A staker's position.
    function positionOf(uint256 modelId, address staker) external view returns (Position memory) {
        return _positions[modelId][staker];
    }

    /// @notice Whole wei that a staker could claim now.
    function earnedOf(uint256 modelId, address staker) external view returns (uint256) {
        Position storage position = _positions[modelId][staker];
        return (position.scaledRewards + _scaledSince(_pools[modelId], position)) / SCALE;
    }

    /// @dev The caller's position with its rewards counted up to now.
    function _settled(uint256 modelId, address staker) private returns (Position storage position) {
        position = _positions[modelId][staker];
        position.scaledRewards += _scaledSince(_pools[modelId], position);
        position.paidIndex = _pools[modelId].rewardIndex;
    }

    /// @dev At most the rewards of that time times 2^128: the stake was part of the total in each of them.
    function _scaledSince(Pool storage pool, Position storage position) private view returns (uint256) {
        return position.amount * (pool.rewardIndex - position.paidIndex);
    }
}
