// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {HostTerms, IHostStakes} from "../interfaces/protocol/IHostStakes.sol";
import {ModelLedger} from "./ModelLedger.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {BPS, ModelId} from "./Types.sol";

/// @title One stake for each host, and the models that it takes by its own word.
/// @notice A claim locks its fee. A host has at most as many fees open as its stake covers:
/// stake >= 2.2 * (sum of open fees + its largest fee / chance of an audit). Half of what a liar loses goes to whoever shows the
/// lie, so refuting oneself still costs more than the lie brings. Wei and seconds.
contract HostStakes is IHostStakes {
    /// @dev 2.2, in tenths.
    uint256 private constant COVER_TENTHS = 22;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    ModelLedger public immutable MODELS;
    /// @notice Locks, releases and slashes.
    address public immutable MARKET;

    mapping(address host => Host) private _hosts;
    mapping(ModelId modelId => mapping(address host => HostTerms)) private _terms;
    /// @notice Wei that this contract owes to hosts.
    uint256 public held;

    modifier onlyMarket() {
        if (msg.sender != MARKET) revert NotMarket(msg.sender);
        _;
    }

    constructor(ProtocolParameters parameters, RewardBalances balances, ModelLedger models, address market) {
        (PARAMETERS, BALANCES, MODELS, MARKET) = (parameters, balances, models, market);
    }

    /// @inheritdoc IHostStakes
    function setLimits(uint128 maxFee, uint32 maxOpenClaims) external {
        Host storage host = _hosts[msg.sender];
        // Open claims were made under the larger one: its part of the cover stays until they have ended.
        if (maxFee < host.maxFee && host.openClaims > 0) revert ClaimsOpen(host.openClaims);
        (host.maxFee, host.maxOpenClaims) = (maxFee, maxOpenClaims);
        _checkCover(host, PARAMETERS.parameters().auditBps);
        emit HostSet(msg.sender, maxFee, maxOpenClaims);
    }

    /// @inheritdoc IHostStakes
    function stake() external payable {
        if (msg.value == 0) revert AmountZero();
        Host storage host = _hosts[msg.sender];
        host.amount += uint128(msg.value);
        host.unstakeDelay = PARAMETERS.parameters().unstakeDelay;
        held += msg.value;
        emit Staked(msg.sender, msg.value);
    }

    /// @inheritdoc IHostStakes
    function unstake(uint128 amount) external {
        if (amount == 0) revert AmountZero();
        Host storage host = _hosts[msg.sender];
        if (amount + host.leaving > host.amount) revert StakeTooSmall(host.amount, amount + host.leaving);
        host.leaving += amount;
        host.leavesAt = uint64(block.timestamp + host.unstakeDelay);
        _checkCover(host, PARAMETERS.parameters().auditBps);
        emit UnstakeStarted(msg.sender, amount, host.leavesAt);
    }

    /// @inheritdoc IHostStakes
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

    /// @inheritdoc IHostStakes
    function take(ModelId modelId, uint128 leastFee, uint32 maxTokensIn, uint32 maxTokensOut) external {
        MODELS.termsOf(modelId);
        HostTerms memory terms = HostTerms(true, leastFee, maxTokensIn, maxTokensOut);
        _terms[modelId][msg.sender] = terms;
        emit ModelTaken(modelId, msg.sender, terms);
    }

    /// @inheritdoc IHostStakes
    function drop(ModelId modelId) external {
        if (!_terms[modelId][msg.sender].accepted) revert NotTaken(modelId, msg.sender);
        delete _terms[modelId][msg.sender];
        emit ModelDropped(modelId, msg.sender);
    }

    /// @inheritdoc IHostStakes
    function lock(address account, uint256 fee, uint16 auditBps) external onlyMarket {
        Host storage host = _hosts[account];
        if (fee > host.maxFee) revert FeeAboveMaximum(fee, host.maxFee);
        if (host.openClaims >= host.maxOpenClaims) {
            revert TooManyOpenClaims(host.openClaims, host.maxOpenClaims);
        }
        host.openClaims++;
        host.openFees += uint128(fee);
        _checkCover(host, auditBps);
    }

    /// @inheritdoc IHostStakes
    function release(address account, uint256 fee) external onlyMarket {
        Host storage host = _hosts[account];
        host.openClaims--;
        host.openFees -= uint128(fee);
    }

    /// @inheritdoc IHostStakes
    function slash(address account, uint256 fee, uint16 auditBps)
        external
        onlyMarket
        returns (uint256 amount, uint256 missing)
    {
        Host storage host = _hosts[account];
        amount = _cover(fee, fee, auditBps);
        if (amount > host.amount) (amount, missing) = (host.amount, amount - host.amount);
        host.convictedAt = uint64(block.timestamp);
        emit Slashed(account, amount);
        _take(host, amount);
    }

    /// @inheritdoc IHostStakes
    function charge(address account, uint256 amount) external onlyMarket returns (uint256 taken) {
        Host storage host = _hosts[account];
        taken = amount < host.amount ? amount : host.amount;
        emit Charged(account, taken);
        _take(host, taken);
    }

    /// @inheritdoc IHostStakes
    function hostOf(address account) external view returns (Host memory) {
        return _hosts[account];
    }

    /// @inheritdoc IHostStakes
    function termsOf(ModelId modelId, address host) external view returns (HostTerms memory) {
        return _terms[modelId][host];
    }

    /// @inheritdoc IHostStakes
    function coverOf(uint256 openFees, uint256 largestFee) external view returns (uint256) {
        return _cover(openFees, largestFee, PARAMETERS.parameters().auditBps);
    }

    function _take(Host storage host, uint256 amount) private {
        host.amount -= uint128(amount);
        if (host.leaving > host.amount) host.leaving = host.amount;
        held -= amount;
        Address.sendValue(payable(MARKET), amount);
    }

    function _checkCover(Host storage host, uint16 auditBps) private view {
        uint256 required = _cover(host.openFees, host.maxFee, auditBps);
        uint256 staying = host.amount - host.leaving;
        if (staying < required) revert StakeTooSmall(staying, required);
    }

    function _cover(uint256 openFees, uint256 largestFee, uint16 auditBps) private pure returns (uint256) {
        return ((openFees + (largestFee * BPS) / auditBps) * COVER_TENTHS) / 10;
    }
}
