// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title OPEN staked for votes.
/// @notice A position belongs to its account and can't be transferred, so nobody borrows votes for a day. Votes are its amount by the
/// multiplier of its lock: 1x, 1.5x from half a year on, 2x from a year, 3x from four. A part of the platform's fees is streamed to
/// the positions by their votes. Wei and seconds; time is the block's.
interface IStakedOpen {
    /// @param amount Wei staked.
    /// @param until When the lock ends.
    /// @param multiplierBps Votes for each wei, in parts of 10,000.
    struct Position {
        uint128 amount;
        uint64 until;
        uint16 multiplierBps;
    }

    /// @param amount Wei that wait to leave.
    /// @param at When they may.
    struct Leaving {
        uint128 amount;
        uint64 at;
    }

    event Staked(address indexed account, uint256 amount, uint64 until, uint16 multiplierBps);
    event Extended(address indexed account, uint64 until, uint16 multiplierBps);
    /// @notice The lock was over: the multiplier is 1x again.
    event Poked(address indexed account);
    event UnstakeStarted(address indexed account, uint256 amount, uint64 at);
    event Unstaked(address indexed account, uint256 amount);
    event RewardsFunded(uint256 amount, uint64 until);
    event RewardsClaimed(address indexed account, uint256 amount);

    error AmountZero();
    error AmountAboveStake(uint256 amount, uint256 stake);
    error Locked(uint64 until);
    /// @notice The new lock would have fewer votes for each wei than the running one.
    error LockShorter(uint16 multiplierBps, uint16 required);
    error LockTooLong(uint64 lockFor, uint64 most);
    error NotOver(uint64 until);
    error TooEarly(uint64 at);
    error NothingLeaving();
    error NotFunder(address caller);

    /// @notice Stakes the value sent and locks the whole position for `lockFor` seconds, or as long as it was locked already.
    /// The first time the votes are the account's own; `delegate` gives them to another.
    function stake(uint64 lockFor) external payable;

    /// @notice Locks the position for `lockFor` seconds from now, for the multiplier of that.
    function extend(uint64 lockFor) external;

    /// @notice Anybody: sets a position whose lock is over back to 1x.
    function poke(address account) external;

    /// @notice Takes `amount` out of a position whose lock is over: votes go now, coins after UNSTAKE_DELAY. A second call starts
    /// the delay anew for what waits.
    function unstake(uint128 amount) external;

    /// @notice Credits what has waited long enough in RewardBalances.
    function withdraw() external;

    /// @notice Credits the caller's rewards in RewardBalances.
    function claimRewards() external returns (uint256 amount);

    /// @notice FUNDER: streams the value sent, and what is left of the stream before, over REWARD_PERIOD.
    function fund() external payable;

    function positionOf(address account) external view returns (Position memory);
    function leavingOf(address account) external view returns (Leaving memory);
    /// @notice Rewards that the account could claim now.
    function rewardsOf(address account) external view returns (uint256);
    /// @notice Votes for each wei of a lock that still lasts `duration` seconds, in parts of 10,000.
    function multiplierOf(uint64 duration) external pure returns (uint16);
    /// @notice What the contract owes: stakes, what waits to leave, rewards. Its balance is never less.
    function held() external view returns (uint256);
}
