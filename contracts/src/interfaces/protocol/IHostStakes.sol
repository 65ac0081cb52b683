// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelId} from "../../protocol/Types.sol";

/// @notice What a host takes for a model.
/// @param leastFee Wei that a request must leave at least.
/// @param maxTokensIn Longest prompt.
/// @param maxTokensOut Longest answer.
struct HostTerms {
    bool accepted;
    uint128 leastFee;
    uint32 maxTokensIn;
    uint32 maxTokensOut;
}

/// @title One stake for each host, and the models that it takes by its own word.
/// @notice A claim locks its fee. A host has at most as many fees open as its stake covers:
/// stake >= 2.2 * (sum of open fees + its largest fee / chance of an audit). Half of what a liar loses goes to whoever shows the
/// lie, so refuting oneself still costs more than the lie brings. Wei and seconds.
interface IHostStakes {
    /// @param amount Wei staked.
    /// @param openFees Sum of the fees of claims that are not settled.
    /// @param maxFee Largest fee that the host takes.
    /// @param leaving Wei that wait to leave; they still cover claims.
    /// @param unstakeDelay Of its stake, as it was when it was made.
    /// @param convictedAt When it last lost stake for a lie: claims that were open then are audited.
    struct Host {
        uint128 amount;
        uint128 openFees;
        uint128 maxFee;
        uint128 leaving;
        uint64 leavesAt;
        uint32 openClaims;
        uint32 maxOpenClaims;
        uint64 convictedAt;
        uint32 unstakeDelay;
    }

    event HostSet(address indexed host, uint128 maxFee, uint32 maxOpenClaims);
    event Staked(address indexed host, uint256 amount);
    event UnstakeStarted(address indexed host, uint256 amount, uint64 leavesAt);
    event Unstaked(address indexed host, uint256 amount);
    event ModelTaken(ModelId indexed modelId, address indexed host, HostTerms terms);
    event ModelDropped(ModelId indexed modelId, address indexed host);
    event Slashed(address indexed host, uint256 amount);
    event Charged(address indexed host, uint256 amount);

    error NotMarket(address caller);
    error AmountZero();
    error StakeTooSmall(uint256 stake, uint256 required);
    error ClaimsOpen(uint256 open);
    error TooManyOpenClaims(uint256 open, uint256 most);
    error FeeAboveMaximum(uint256 fee, uint256 most);
    error NothingLeaving();
    error TooEarly(uint256 time);
    error NotTaken(ModelId modelId, address host);

    /// @notice Sets the caller's largest fee and how many claims it has open at once; its stake must cover the fee. The fee is lowered only
    /// while no claim is open: take no more first (`maxOpenClaims` 0).
    function setLimits(uint128 maxFee, uint32 maxOpenClaims) external;

    function stake() external payable;

    /// @notice Starts to take `amount` out; it covers claims until it has left. A second call starts the delay anew.
    function unstake(uint128 amount) external;

    /// @notice Moves what has waited to the caller's RewardBalances.
    function withdraw() external returns (uint128 amount);

    /// @notice The caller serves a model, on these terms; again to change them.
    function take(ModelId modelId, uint128 leastFee, uint32 maxTokensIn, uint32 maxTokensOut) external;

    /// @notice The caller takes no further requests for a model.
    function drop(ModelId modelId) external;

    /// @notice Locks a claim's fee. For the market.
    /// @param auditBps Chance of the claim's audit, as it was when it was asked.
    function lock(address account, uint256 fee, uint16 auditBps) external;

    /// @notice Ends a claim. For the market.
    function release(address account, uint256 fee) external;

    /// @notice Takes what a false claim of `fee` costs, or what is left, and sends it to the market. For the market.
    /// @return amount Wei taken.
    /// @return missing Wei that the stake did not have.
    function slash(address account, uint256 fee, uint16 auditBps)
        external
        returns (uint256 amount, uint256 missing);

    /// @notice Takes `amount` of a host that did not deliver, or what is left, and sends it to the market; no conviction. For the market.
    function charge(address account, uint256 amount) external returns (uint256 taken);

    function hostOf(address account) external view returns (Host memory);

    function termsOf(ModelId modelId, address host) external view returns (HostTerms memory);

    /// @notice Wei that a stake must have for these fees: 2.2 * (open + largest / chance of an audit).
    function coverOf(uint256 openFees, uint256 largestFee) external view returns (uint256);
}
