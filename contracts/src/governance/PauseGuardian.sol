// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IPausable {
    function pause(string memory identifier) external;
    function unpause() external;
}

/// @title PauseGuardian
/// @notice On L1: guardian of SuperchainConfig. The council can stop withdrawals for PAUSE_MAX at a time, once in two such times, so that
/// it can't keep OPEN from going home; anybody lifts a pause that is over, the timelock any.
contract PauseGuardian {
    IPausable public immutable CONFIG;
    address public immutable COUNCIL;
    address public immutable TIMELOCK;
    uint64 public immutable PAUSE_MAX;
    /// @notice When the pause ends; 0 before the first.
    uint64 public pausedUntil;

    event PausedUntil(uint64 until);
    event Lifted(address indexed by);

    error NotCouncil(address caller);
    error TooSoon(uint256 from);
    error PauseRuns(uint64 until);

    constructor(IPausable config, address council, address timelock, uint64 pauseMax) {
        (CONFIG, COUNCIL, TIMELOCK, PAUSE_MAX) = (config, council, timelock, pauseMax);
    }

    /// @notice Council: stops withdrawals for PAUSE_MAX.
    function pause() external {
        if (msg.sender != COUNCIL) revert NotCouncil(msg.sender);
        uint256 from = pausedUntil == 0 ? 0 : uint256(pausedUntil) + PAUSE_MAX;
        if (block.timestamp < from) revert TooSoon(from);
        pausedUntil = uint64(block.timestamp) + PAUSE_MAX;
        CONFIG.pause("council");
        emit PausedUntil(pausedUntil);
    }

    /// @notice Lets withdrawals run again: the timelock at any time, anybody once the pause is over.
    function lift() external {
        if (msg.sender != TIMELOCK && block.timestamp < pausedUntil) revert PauseRuns(pausedUntil);
        CONFIG.unpause();
        emit Lifted(msg.sender);
    }
}
