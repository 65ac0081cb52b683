// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title RewardStream
/// @notice Streams rewards over a period to holders of units, whose numbers the heir keeps. What streams while nobody holds units goes
/// into the next stream.
abstract contract RewardStream {
    /// @dev Index per unit is scaled by 2^96: a sum of rewards is below 2^90, a sum of units below 2^92.
    uint256 private constant SCALE = 2 ** 96;

    /// @notice Seconds over which a funding is streamed.
    uint64 public immutable REWARD_PERIOD;

    /// @dev Funded and not taken out yet.
    uint256 internal _owedRewards;
    uint256 private _index;
    /// @dev What did not divide, scaled.
    uint256 private _carry;
    /// @dev Streamed while there were no units.
    uint256 private _unassigned;
    uint256 private _streamAmount;
    uint256 private _streamed;
    uint64 private _streamStart;
    mapping(address account => uint256) private _paidIndex;
    mapping(address account => uint256) private _earned;

    error PeriodZero();

    constructor(uint64 period) {
        if (period == 0) revert PeriodZero();
        REWARD_PERIOD = period;
    }

    /// @return until When the stream ends.
    function _startStream(uint256 amount, uint256 units) internal returns (uint64 until) {
        _accrue(units);
        _owedRewards += amount;
        _streamAmount = amount + (_streamAmount - _streamed) + _unassigned;
        (_streamed, _unassigned) = (0, 0);
        _streamStart = uint64(block.timestamp);
        return _streamStart + REWARD_PERIOD;
    }

    /// @dev To be called before an account's units change. `total`: all units before that.
    function _settleRewards(address account, uint256 units, uint256 total) internal {
        _accrue(total);
        _earned[account] += units * (_index - _paidIndex[account]) / SCALE;
        _paidIndex[account] = _index;
    }

    function _takeRewards(address account, uint256 units, uint256 total) internal returns (uint256 amount) {
        _settleRewards(account, units, total);
        amount = _earned[account];
        _earned[account] = 0;
        _owedRewards -= amount;
    }

    function _rewardsOf(address account, uint256 units, uint256 total) internal view returns (uint256) {
        uint256 index = _index;
        if (total > 0) index += ((_due() - _streamed) * SCALE + _carry) / total;
        return _earned[account] + units * (index - _paidIndex[account]) / SCALE;
    }

    function _accrue(uint256 total) private {
        uint256 due = _due();
        uint256 fresh = due - _streamed;
        if (fresh == 0) return;
        _streamed = due;
        if (total == 0) {
            _unassigned += fresh;
            return;
        }
        uint256 scaled = fresh * SCALE + _carry;
        _index += scaled / total;
        _carry = scaled % total;
    }

    /// @dev Part of the stream whose time has come.
    function _due() private view returns (uint256) {
        uint256 elapsed = block.timestamp - _streamStart;
        return elapsed >= REWARD_PERIOD ? _streamAmount : _streamAmount * elapsed / REWARD_PERIOD;
    }
}
