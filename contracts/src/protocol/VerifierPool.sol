// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {IVerifierPool} from "../interfaces/protocol/IVerifierPool.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title Stakes of those who run inferences again and say what came out.
contract VerifierPool is IVerifierPool {
    using Checkpoints for Checkpoints.Trace208;

    /// @notice Members at most.
    uint256 public constant MAX_SEATS = 128;
    uint256 private constant MAX_KEY = 128;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    /// @notice Slashes.
    address public immutable DISPUTES;
    uint128 public immutable LEAST_STAKE;
    /// @notice Seconds until what leaves is free; longer than a dispute with all its rounds.
    uint64 public immutable EXIT_DELAY;

    address[] private _members;
    mapping(address verifier => Verifier) private _verifiers;
    mapping(address verifier => Checkpoints.Trace208) private _stakes;
    /// @notice Wei that this contract owes to verifiers.
    uint256 public held;

    constructor(
        ProtocolParameters parameters,
        RewardBalances balances,
        address disputes,
        uint128 leastStake,
        uint64 exitDelay
    ) {
        if (leastStake == 0) revert AmountZero();
        (PARAMETERS, BALANCES, DISPUTES) = (parameters, balances, disputes);
        (LEAST_STAKE, EXIT_DELAY) = (leastStake, exitDelay);
    }

    /// @inheritdoc IVerifierPool
    function stake(uint256 seat) external payable {
        if (_verifiers[msg.sender].seat == 0) _sit(seat);
        uint256 amount = _stakes[msg.sender].latest() + msg.value;
        if (amount < LEAST_STAKE) revert StakeBelowLeast(amount, LEAST_STAKE);
        if (amount > type(uint128).max) revert StakeTooLarge(amount);
        _setStake(msg.sender, amount);
        held += msg.value;
        emit VerifierStaked(msg.sender, _verifiers[msg.sender].seat - 1, msg.value);
    }

    /// @inheritdoc IVerifierPool
    function setEngine(bytes32 engine, bytes calldata key) external {
        if (key.length > MAX_KEY) revert KeyLength(key.length, MAX_KEY);
        Verifier storage verifier = _verifiers[msg.sender];
        (verifier.engine, verifier.key) = (engine, key);
        emit EngineSet(msg.sender, engine, key);
    }

    /// @inheritdoc IVerifierPool
    function startLeaving(uint128 amount) external {
        if (amount == 0) revert AmountZero();
        uint256 had = _stakes[msg.sender].latest();
        // All of it, or a rest that is still worth a draw.
        uint256 left = amount <= had ? had - amount : 0;
        if (amount > had || (left > 0 && left < LEAST_STAKE)) revert StakeBelowLeast(left, LEAST_STAKE);
        _setStake(msg.sender, left);
        Verifier storage verifier = _verifiers[msg.sender];
        verifier.leaving += amount;
        verifier.leavesAt = uint64(block.timestamp) + EXIT_DELAY;
        emit LeaveStarted(msg.sender, amount, verifier.leavesAt);
    }

    /// @inheritdoc IVerifierPool
    function withdraw() external returns (uint256 amount) {
        Verifier storage verifier = _verifiers[msg.sender];
        amount = verifier.leaving;
        if (amount == 0) revert NothingLeaving();
        if (block.timestamp < verifier.leavesAt) revert TooEarly(verifier.leavesAt);
        verifier.leaving = 0;
        held -= amount;
        emit VerifierLeft(msg.sender, amount);
        BALANCES.credit{value: amount}(msg.sender);
    }

    /// @inheritdoc IVerifierPool
    function slash(address account, uint256 amount) external returns (uint256 taken) {
        if (msg.sender != DISPUTES) revert NotDisputes(msg.sender);
        Verifier storage verifier = _verifiers[account];
        uint256 fromLeaving = amount < verifier.leaving ? amount : verifier.leaving;
        uint256 staked = _stakes[account].latest();
        uint256 rest = amount - fromLeaving < staked ? amount - fromLeaving : staked;
        verifier.leaving -= uint128(fromLeaving);
        if (rest > 0) _setStake(account, staked - rest);
        taken = fromLeaving + rest;
        held -= taken;
        emit VerifierSlashed(account, taken);
        if (taken > 0) BALANCES.credit{value: taken}(PARAMETERS.parameters().treasury);
    }

    /// @inheritdoc IVerifierPool
    function stakesAt(uint64 time) external view returns (address[] memory members, uint256[] memory stakes) {
        members = _members;
        stakes = new uint256[](members.length);
        for (uint256 i = 0; i < members.length; i++) {
            stakes[i] = stakeAt(members[i], time);
        }
    }

    /// @inheritdoc IVerifierPool
    function stakeAt(address verifier, uint64 time) public view returns (uint256) {
        return _stakes[verifier].upperLookupRecent(uint48(time));
    }

    /// @inheritdoc IVerifierPool
    function verifierOf(address verifier) external view returns (Verifier memory) {
        return _verifiers[verifier];
    }

    /// @dev A newcomer on an old seat had no stake, and the member before it none for longer than a dispute: no open draw changes.
    function _sit(uint256 seat) private {
        if (seat > _members.length || seat >= MAX_SEATS) revert SeatOutOfRange(seat, MAX_SEATS);
        if (seat == _members.length) {
            _members.push(msg.sender);
        } else {
            address member = _members[seat];
            (, uint48 since, uint208 amount) = _stakes[member].latestCheckpoint();
            if (amount > 0 || block.timestamp <= since + EXIT_DELAY) revert SeatTaken(seat);
            _verifiers[member].seat = 0;
            _members[seat] = msg.sender;
        }
        _verifiers[msg.sender].seat = uint32(seat + 1);
    }

    function _setStake(address verifier, uint256 amount) private {
        _stakes[verifier].push(uint48(block.timestamp), uint208(amount));
    }
}
