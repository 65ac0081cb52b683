// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IStakedOpen} from "../interfaces/governance/IStakedOpen.sol";
import {IRewardBalances} from "../interfaces/protocol/IRewardBalances.sol";
import {RewardStream} from "./RewardStream.sol";

/// @title StakedOpen
/// @notice See IStakedOpen. It holds money, so it has no owner and can't be upgraded.
contract StakedOpen is IStakedOpen, Votes, RewardStream {
    uint16 private constant ONE = 10_000;
    /// @notice Longest lock.
    uint64 public constant LOCK_MAX = 4 * 365 days;
    /// @notice Seconds between `unstake` and `withdraw`: a proposal that the votes passed is over by then.
    uint64 public immutable UNSTAKE_DELAY;
    /// @notice May fund rewards.
    address public immutable FUNDER;
    IRewardBalances public immutable BALANCES;

    mapping(address account => Position) private _positions;
    mapping(address account => Leaving) private _leaving;
    /// @dev Stakes and what waits to leave.
    uint256 private _principal;

    constructor(IRewardBalances balances, address funder, uint64 unstakeDelay, uint64 rewardPeriod)
        EIP712("StakedOpen", "1")
        RewardStream(rewardPeriod)
    {
        (BALANCES, FUNDER, UNSTAKE_DELAY) = (balances, funder, unstakeDelay);
    }

    /// @inheritdoc IStakedOpen
    function stake(uint64 lockFor) external payable {
        if (msg.value == 0) revert AmountZero();
        Position memory position = _positions[msg.sender];
        position.amount += uint128(msg.value);
        _principal += msg.value;
        _lock(position, lockFor);
        if (delegates(msg.sender) == address(0)) _delegate(msg.sender, msg.sender);
        emit Staked(msg.sender, msg.value, position.until, position.multiplierBps);
    }

    /// @inheritdoc IStakedOpen
    function extend(uint64 lockFor) external {
        Position memory position = _positions[msg.sender];
        if (position.amount == 0) revert AmountZero();
        _lock(position, lockFor);
        emit Extended(msg.sender, position.until, position.multiplierBps);
    }

    /// @inheritdoc IStakedOpen
    function poke(address account) external {
        Position memory position = _positions[account];
        if (block.timestamp < position.until) revert NotOver(position.until);
        position.multiplierBps = ONE;
        _set(account, position);
        emit Poked(account);
    }

    /// @inheritdoc IStakedOpen
    function unstake(uint128 amount) external {
        Position memory position = _positions[msg.sender];
        if (amount == 0) revert AmountZero();
        if (amount > position.amount) revert AmountAboveStake(amount, position.amount);
        if (block.timestamp < position.until) revert Locked(position.until);
        (position.amount, position.multiplierBps) = (position.amount - amount, ONE);
        _set(msg.sender, position);
        Leaving storage leaving = _leaving[msg.sender];
        leaving.amount += amount;
        leaving.at = uint64(block.timestamp) + UNSTAKE_DELAY;
        emit UnstakeStarted(msg.sender, amount, leaving.at);
    }

    /// @inheritdoc IStakedOpen
    function withdraw() external {
        Leaving memory leaving = _leaving[msg.sender];
        if (leaving.amount == 0) revert NothingLeaving();
        if (block.timestamp < leaving.at) revert TooEarly(leaving.at);
        delete _leaving[msg.sender];
        _principal -= leaving.amount;
        BALANCES.credit{value: leaving.amount}(msg.sender);
        emit Unstaked(msg.sender, leaving.amount);
    }

    /// @inheritdoc IStakedOpen
    function claimRewards() external returns (uint256 amount) {
        amount = _takeRewards(msg.sender, _getVotingUnits(msg.sender), _getTotalSupply());
        if (amount == 0) revert AmountZero();
        BALANCES.credit{value: amount}(msg.sender);
        emit RewardsClaimed(msg.sender, amount);
    }

    /// @inheritdoc IStakedOpen
    function fund() external payable {
        if (msg.sender != FUNDER) revert NotFunder(msg.sender);
        if (msg.value == 0) revert AmountZero();
        emit RewardsFunded(msg.value, _startStream(msg.value, _getTotalSupply()));
    }

    /// @inheritdoc IStakedOpen
    function positionOf(address account) external view returns (Position memory) {
        return _positions[account];
    }

    /// @inheritdoc IStakedOpen
    function leavingOf(address account) external view returns (Leaving memory) {
        return _leaving[account];
    }

    /// @inheritdoc IStakedOpen
    function rewardsOf(address account) external view returns (uint256) {
        return _rewardsOf(account, _getVotingUnits(account), _getTotalSupply());
    }

    /// @inheritdoc IStakedOpen
    function held() external view returns (uint256) {
        return _principal + _owedRewards;
    }

    /// @inheritdoc IStakedOpen
    function multiplierOf(uint64 duration) public pure returns (uint16) {
        if (duration >= LOCK_MAX) return 3 * ONE;
        if (duration >= 365 days) return 2 * ONE;
        return duration >= 182 days ? ONE + ONE / 2 : ONE;
    }

    /// @notice Votes are counted by the block's time: block times are a setting.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // forge-lint: disable-next-line(mixed-case-function)
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _lock(Position memory position, uint64 lockFor) private {
        if (lockFor > LOCK_MAX) revert LockTooLong(lockFor, LOCK_MAX);
        uint64 time = uint64(block.timestamp);
        uint64 until = time + lockFor > position.until ? time + lockFor : position.until;
        uint16 multiplierBps = multiplierOf(until - time);
        // Else a coin that comes late would vote as if it had been locked from the start, or the older ones would lose votes.
        if (time < position.until && multiplierBps < position.multiplierBps) {
            revert LockShorter(multiplierBps, position.multiplierBps);
        }
        (position.until, position.multiplierBps) = (until, multiplierBps);
        _set(msg.sender, position);
    }

    /// @dev Moves votes and rewards from the old position to the new one.
    function _set(address account, Position memory position) private {
        uint256 before = _getVotingUnits(account);
        _settleRewards(account, before, _getTotalSupply());
        _positions[account] = position;
        uint256 units = _getVotingUnits(account);
        if (units > before) _transferVotingUnits(address(0), account, units - before);
        else if (units < before) _transferVotingUnits(account, address(0), before - units);
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        Position storage position = _positions[account];
        return uint256(position.amount) * position.multiplierBps / ONE;
    }
}
