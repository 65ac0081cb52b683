// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAnnouncements} from "../interfaces/protocol/IAnnouncements.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";

/// @title Counter-examples that nobody can snatch: announced by their hash one block before they are shown.
/// @notice Who announced first wins, also over somebody who shows the same earlier, as long as it is shown in time. An
/// announcement binds a deposit; it comes back when the counter-example holds, and goes to the treasury otherwise.
abstract contract Announcements is IAnnouncements {
    /// @notice Blocks after its own in which an announced counter-example can be shown.
    uint64 public constant OPENING_BLOCKS = 3;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;

    mapping(bytes32 key => Announcement) private _announcements;

    constructor(ProtocolParameters parameters, RewardBalances balances) {
        (PARAMETERS, BALANCES) = (parameters, balances);
    }

    /// @inheritdoc IAnnouncements
    function announce(bytes32 hash) external payable {
        uint128 required = PARAMETERS.parameters().challengeDeposit;
        if (msg.value != required) revert DepositMismatch(msg.value, required);
        Announcement storage announcement = _announcements[_key(msg.sender, hash)];
        if (announcement.blockNumber != 0) revert AlreadyAnnounced(hash);
        (announcement.blockNumber, announcement.deposit) = (uint64(block.number), required);
        emit ChallengeAnnounced(msg.sender, hash, required);
    }

    /// @inheritdoc IAnnouncements
    function forfeit(address challenger, bytes32 hash) external {
        Announcement memory announcement = _announcements[_key(challenger, hash)];
        if (announcement.blockNumber == 0) revert NotAnnounced(challenger, hash);
        uint64 last = announcement.blockNumber + OPENING_BLOCKS;
        if (block.number <= last) revert NotOpeningTime(last + 1, type(uint64).max);
        delete _announcements[_key(challenger, hash)];
        emit AnnouncementForfeited(challenger, hash, announcement.deposit);
        BALANCES.credit{value: announcement.deposit}(PARAMETERS.parameters().treasury);
    }

    /// @inheritdoc IAnnouncements
    function announcementOf(address challenger, bytes32 hash) external view returns (Announcement memory) {
        return _announcements[_key(challenger, hash)];
    }

    /// @dev Uses the caller's announcement of the running call and returns its block. The deposit comes back: a call whose
    /// counter-example does not hold reverts, and with it this.
    function _useAnnouncement() internal returns (uint64 announcedBlock) {
        bytes32 hash = keccak256(msg.data);
        bytes32 key = _key(msg.sender, hash);
        Announcement memory announcement = _announcements[key];
        announcedBlock = announcement.blockNumber;
        if (announcedBlock == 0) revert NotAnnounced(msg.sender, hash);
        if (block.number <= announcedBlock || block.number > announcedBlock + OPENING_BLOCKS) {
            revert NotOpeningTime(announcedBlock + 1, announcedBlock + OPENING_BLOCKS);
        }
        delete _announcements[key];
        BALANCES.credit{value: announcement.deposit}(msg.sender);
    }

    function _key(address challenger, bytes32 hash) private pure returns (bytes32) {
        return keccak256(abi.encode(challenger, hash));
    }
}
