// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModelId, RequestId} from "../../protocol/Types.sol";

/// @title Stakes on models, and the stakers' part of fees.
/// @notice The stakes are the junior bond behind the host's: where a convicted host's stake does not reach, they pay the harmed
/// pools up to the fee of the lie, at most half of what is staked for one lie. What leaves is bound until it has left.
/// @notice Rewards are streamed: what comes in is paid out evenly over the reward period to the stakes of each second, and a stake
/// earns from the next epoch on. So nobody earns by staking for one call. Fractions of a wei are kept: what a division leaves
/// goes into the next one. Stakes and rewards are drawn through RewardBalances. Amounts are wei, times seconds.
interface IModelStaking {
    /// @param amount Wei that earn.
    /// @param activeFrom Start of the epoch from which the newest part earns.
    /// @param waiting Wei that earn from `activeFrom` on.
    /// @param paidIndex The pool's reward index up to which `scaledRewards` counts.
    /// @param scaledRewards Earned and not yet claimed, in wei times 2^128.
    /// @param leaving Wei that left the stake and wait.
    /// @param leavesAt When they can be withdrawn.
    /// @param unstakeDelay Of the stake, as it was when it was last added to.
    struct Position {
        uint256 amount;
        uint256 waiting;
        uint64 activeFrom;
        uint64 leavesAt;
        uint32 unstakeDelay;
        uint256 paidIndex;
        uint256 scaledRewards;
        uint256 leaving;
    }

    /// @dev Stakes are counted in shares of `assets`: a share is a wei until a lie cost the stakers something, less afterwards.
    /// @param total Shares that earn.
    /// @param waiting Shares that earn from the next epoch on.
    /// @param shares All shares, those that leave included.
    /// @param assets Wei that they are worth.
    /// @param ratePerSecond Wei times 2^128 that the stream pays a second, until `streamEnd`.
    /// @param rewardIndex Wei per share since the start, times 2^128.
    /// @param carry Rest of the divisions, in wei times 2^128.
    struct Pool {
        uint256 total;
        uint256 waiting;
        uint256 shares;
        uint256 assets;
        uint256 ratePerSecond;
        uint256 rewardIndex;
        uint256 carry;
        uint64 streamEnd;
        uint64 updatedAt;
    }

    event Staked(ModelId indexed modelId, address indexed staker, uint256 amount, uint64 activeFrom);
    event UnstakeStarted(ModelId indexed modelId, address indexed staker, uint256 amount, uint64 leavesAt);
    event Unstaked(ModelId indexed modelId, address indexed staker, uint256 amount);
    /// @param requestId The request whose fee it is part of; 0 if none.
    event Rewarded(
        ModelId indexed modelId,
        RequestId indexed requestId,
        address indexed payer,
        uint256 amount,
        uint64 streamEnd
    );
    event StakesSlashed(ModelId indexed modelId, RequestId indexed requestId, uint256 amount);
    event RewardsClaimed(ModelId indexed modelId, address indexed staker, uint256 amount);

    error AmountZero();
    error StakeTooSmall(uint256 staked, uint256 asked);
    error NothingLeaving();
    error TooEarly(uint256 time);
    error NothingEarned();
    error NoStakers(ModelId modelId);
    error AmountTooLarge(uint256 amount);
    error EpochZero();
    error NotMarket(address caller);

    /// @notice Stakes the value sent on a registered model; it earns from the next epoch on.
    function stake(ModelId modelId) external payable;

    /// @notice Takes `amount` wei out of the stake: it stops to earn now and can be withdrawn after the delay.
    /// A second call before that adds to what waits and starts the delay anew.
    function unstake(ModelId modelId, uint256 amount) external;

    /// @notice Moves what has waited long enough to the caller's RewardBalances.
    function withdraw(ModelId modelId) external returns (uint256 amount);

    /// @notice Adds the value sent to the model's stream, which then ends a reward period from now. Anybody may call; the market
    /// does.
    function reward(ModelId modelId, RequestId requestId) external payable;

    /// @notice Takes what a lie costs beyond its host's stake, at most half of what is staked, and sends it to the market. For the
    /// market.
    function slash(ModelId modelId, RequestId requestId, uint256 amount) external returns (uint256 taken);

    /// @notice Moves the caller's rewards to RewardBalances.
    function claimRewards(ModelId modelId) external returns (uint256 amount);

    /// @notice Wei that are staked on a model, those that earn from the next epoch on included.
    function totalStake(ModelId modelId) external view returns (uint256);

    /// @notice A staker's position as of its last change, in wei of now.
    function positionOf(ModelId modelId, address staker) external view returns (Position memory);
}
