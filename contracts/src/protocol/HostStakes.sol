// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {BPS} from "./Types.sol";

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
contract HostStakes {
    /// @param amount Wei staked.
    /// @param openFees Sum of the fees of claims that are not settled.
    /// @param maxFee Largest fee that the host takes.
    /// @param leaving Wei that wait to leave; they still cover claims.
    struct Host {
        uint128 amount;
        uint128 openFees;
        uint128 maxFee;
        uint128 leaving;
        uint64 leavesAt;
        uint32 openClaims;
        uint32 maxOpenClaims;
    }

    /// @dev 2.2, in tenths.
    uint256 private constant COVER_TENTHS = 22;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    ModelRegistry public immutable MODELS;
    /// @notice Locks, releases and slashes.
    address public immutable MARKET;

    mapping(address host => Host) private _hosts;
    mapping(uint256 modelId => mapping(address host => HostTerms)) private _terms;
    /// @notice Wei that this contract owes to hosts.
    uint256 public held;

    event HostSet(address indexed host, uint128 maxFee, uint32 maxOpenClaims);
    event Staked(address indexed host, uint256 amount);
    event UnstakeStarted(address indexed host, uint256 amount, uint64 leavesAt);
    event Unstaked(address indexed host, uint256 amount);
    event ModelTaken(uint256 indexed modelId, address indexed host, HostTerms terms);
    event ModelDropped(uint256 indexed modelId, address indexed host);
    event Slashed(address indexed host, uint256 amount);

    error NotMarket(address caller);
    error AmountZero();
    error StakeTooSmall(uint256 stake, uint256 required);
    error TooManyOpenClaims(uint256 open, uint256 most);
    error FeeAboveMaximum(uint256 fee, uint256 most);
    error NothingLeaving();
    error TooEarly(uint256 time);
    error NotTaken(uint256 modelId, address host);

    modifier onlyMarket() {
        if (msg.sender != MARKET) revert NotMarket(msg.sender);
        _;
    }

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        ModelRegistry models,
        address market
    ) {
        (PARAMETERS, BALANCES, MODELS, MARKET) = (parameters, balances, models, market);
    }

    /// @notice Sets the caller's largest fee and how many claims it has open at once; its stake must cover the fee.
    function setLimits(uint128 maxFee, uint32 maxOpenClaims) external {
        Host storage host = _hosts[msg.sender];
        (host.maxFee, host.maxOpenClaims) = (maxFee, maxOpenClaims);
        _checkCover(host);
        emit HostSet(msg.sender, maxFee, maxOpenClaims);
    }

    function stake() external payable {
        if (msg.value == 0) revert AmountZero();
        _hosts[msg.sender].amount += uint128(msg.value);
        held += msg.value;
        emit Staked(msg.sender, msg.value);
    }

    /// @notice Starts to take `amount` out; it covers claims until it has left. A second call starts the delay anew.
    function unstake(uint128 amount) external {
        if (amount == 0) revert AmountZero();
        Host storage host = _hosts[msg.sender];
        if (amount + host.leaving > host.amount) revert StakeTooSmall(host.amount, amount + host.leaving);
        host.leaving += amount;
        host.leavesAt = uint64(block.timestamp + PARAMETERS.parameters().unstakeDelay);
        _checkCover(host);
        emit UnstakeStarted(msg.sender, amount, host.leavesAt);
    }

    /// @notice Moves what has waited to the caller's RewardBalances.
    function withdraw() external returns (uint128 amount) {
        Host storage host = _hosts[msg.sender];
        amount = host.leaving < host.amount ? host.leaving : host.amount;
        if (amount == 0) revert NothingLeaving();
        if (block.timestamp < host.leavesAt) revert TooEarly(host.leavesAt);
        (host.amount, host.leaving) = (host.amount - amount, 0);
        held -= amount;
        emit Unstaked(msg.sender, amount);
        BALANCES.credit{value: amount}(msg.sender);
    }

    /// @notice The caller serves a model, on these terms; again to change them.
    function take(uint256 modelId, uint128 leastFee, uint32 maxTokensIn, uint32 maxTokensOut) external {
        MODELS.termsOf(modelId);
        HostTerms memory terms = HostTerms(true, leastFee, maxTokensIn, maxTokensOut);
        _terms[modelId][msg.sender] = terms;
        emit ModelTaken(modelId, msg.sender, terms);
    }

    /// @notice The caller takes no further requests for a model.
    function drop(uint256 modelId) external {
        if (!_terms[modelId][msg.sender].accepted) revert NotTaken(modelId, msg.sender);
        delete _terms[modelId][msg.sender];
        emit ModelDropped(modelId, msg.sender);
    }

    /// @notice Locks a claim's fee. For the market.
    function lock(address account, uint256 fee) external onlyMarket {
        Host storage host = _hosts[account];
        if (fee > host.maxFee) revert FeeAboveMaximum(fee, host.maxFee);
        if (host.openClaims >= host.maxOpenClaims) {
            revert TooManyOpenClaims(host.openClaims, host.maxOpenClaims);
        }
        host.openClaims++;
        host.openFees += uint128(fee);
        _checkCover(host);
    }

    /// @notice Ends a claim. For the market.
    function release(address account, uint256 fee) external onlyMarket {
        Host storage host = _hosts[account];
        host.openClaims--;
        host.openFees -= uint128(fee);
    }

    /// @notice Takes what a false claim of `fee` costs, or what is left, and sends it to the market. For the market.
    function slash(address account, uint256 fee) external onlyMarket returns (uint256 amount) {
        Host storage host = _hosts[account];
        amount = _cover(fee, fee);
        if (amount > host.amount) amount = host.amount;
        host.amount -= uint128(amount);
        if (host.leaving > host.amount) host.leaving = host.amount;
        held -= amount;
        emit Slashed(account, amount);
        Address.sendValue(payable(MARKET), amount);
    }

    function hostOf(address account) external view returns (Host memory) {
        return _hosts[account];
    }

    function termsOf(uint256 modelId, address host) external view returns (HostTerms memory) {
        return _terms[modelId][host];
    }

    /// @notice Wei that a stake must have for these fees: 2.2 * (open + largest / chance of an audit).
    function coverOf(uint256 openFees, uint256 largestFee) external view returns (uint256) {
        return _cover(openFees, largestFee);
    }

    function _checkCover(Host storage host) private view {
        uint256 required = _cover(host.openFees, host.maxFee);
        uint256 staying = host.amount - host.leaving;
        if (staying < required) revert StakeTooSmall(staying, required);
    }

    function _cover(uint256 openFees, uint256 largestFee) private view returns (uint256) {
        uint256 byAudit = (largestFee * BPS) / PARAMETERS.parameters().auditBps;
        return ((openFees + byAudit) * COVER_TENTHS) / 10;
    }
}
