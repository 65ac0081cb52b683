// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Counter-examples that nobody can snatch: announced by their hash one block before they are shown.
/// @notice Who announced first wins, also over somebody who shows the same earlier, as long as it is shown in time. An
/// announcement binds a deposit; it comes back when the counter-example holds, and goes to the treasury otherwise.
interface IAnnouncements {
    /// @param blockNumber When it was announced.
    struct Announcement {
        uint64 blockNumber;
        uint128 deposit;
    }

    event ChallengeAnnounced(address indexed challenger, bytes32 indexed hash, uint128 deposit);
    event AnnouncementForfeited(address indexed challenger, bytes32 indexed hash, uint128 deposit);

    error DepositMismatch(uint256 sent, uint256 required);
    error AlreadyAnnounced(bytes32 hash);
    error NotAnnounced(address challenger, bytes32 hash);
    /// @notice It can be shown in blocks `from` to `to`.
    error NotOpeningTime(uint256 from, uint256 to);

    /// @notice Announces a call to one of this contract's challenges, with the deposit.
    /// @param hash keccak256 of the call's data, which holds a secret salt.
    function announce(bytes32 hash) external payable;

    /// @notice Sends the deposit of an announcement that was not shown in time to the treasury. Anybody may call.
    function forfeit(address challenger, bytes32 hash) external;

    /// @notice The caller's announcement of `hash`; block number 0 if there is none.
    function announcementOf(address challenger, bytes32 hash) external view returns (Announcement memory);
}
