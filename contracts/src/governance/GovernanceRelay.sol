// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ICrossDomainMessenger} from "../interfaces/ICrossDomainMessenger.sol";

/// @title GovernanceRelay
/// @notice On L1: schedules in the timelock there what L2's governance has voted for. A message is believed that came over the
/// messenger from the timelock on L2, so from an output that was final. Outputs are the proposer's word: what keeps a forged message out
/// is the council, which can cancel it while it waits.
contract GovernanceRelay {
    ICrossDomainMessenger public immutable MESSENGER;
    /// @notice The timelock on L2 whose messages count.
    address public immutable L2_TIMELOCK;
    /// @notice Owner of the contracts on L1; this contract proposes to it.
    TimelockController public immutable L1_TIMELOCK;
    /// @dev Scheduled so far: makes each operation another one.
    uint256 private _count;

    event Relayed(bytes32 indexed id, bytes32 salt);

    error NotGovernance();

    constructor(ICrossDomainMessenger messenger, address l2Timelock, TimelockController l1Timelock) {
        (MESSENGER, L2_TIMELOCK, L1_TIMELOCK) = (messenger, l2Timelock, l1Timelock);
    }

    /// @notice Schedules the calls with the timelock's least delay; anybody executes them after it, in this order.
    function schedule(address[] calldata targets, bytes[] calldata calls) external {
        if (msg.sender != address(MESSENGER)) revert NotGovernance();
        if (MESSENGER.xDomainMessageSender() != L2_TIMELOCK) revert NotGovernance();
        bytes32 salt = bytes32(++_count);
        uint256[] memory values = new uint256[](targets.length);
        bytes32 id = L1_TIMELOCK.hashOperationBatch(targets, values, calls, 0, salt);
        L1_TIMELOCK.scheduleBatch(targets, values, calls, 0, salt, L1_TIMELOCK.getMinDelay());
        emit Relayed(id, salt);
    }
}
