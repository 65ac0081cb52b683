// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IProtocolParameters, Parameters} from "../interfaces/protocol/IProtocolParameters.sol";
import {Seeds} from "../protocol/Seeds.sol";

/// @title UpgradeTimelock
/// @notice Holds back changes of code until all that was open when they were proposed is settled under the old code: its delay is never
/// shorter than a claim, its challenge and three panels, whatever the parameters become later.
contract UpgradeTimelock is TimelockController {
    /// @dev Panels of a dispute and windows of a panel.
    uint256 private constant PANELS = 3;
    uint256 private constant WINDOWS = 3;
    /// @dev Seconds between Ethereum's blocks, twice: some are missed, and L2's origin comes later.
    uint256 private constant L1_BLOCK_TIME = 24;

    IProtocolParameters public immutable PARAMETERS;
    /// @notice Seconds that a draw waits for its L1 block.
    uint256 public immutable DRAW;

    error DelayTooShort(uint256 delay, uint256 required);

    /// @param delay    Seconds between proposal and execution, at least.
    /// @param proposer May propose and cancel: the timelock of the parameters, so that what it proposes was voted for.
    constructor(uint256 delay, address proposer, IProtocolParameters parameters, Seeds seeds)
        TimelockController(delay, _only(proposer), _only(address(0)), address(0))
    {
        (PARAMETERS, DRAW) = (parameters, seeds.SEED_DELAY() * L1_BLOCK_TIME);
        uint256 required = _longest(parameters);
        if (delay <= required) revert DelayTooShort(delay, required);
    }

    /// @notice The delay that was set, or more where the parameters have become longer than it.
    function getMinDelay() public view override returns (uint256) {
        uint256 set = super.getMinDelay();
        uint256 longest = _longest(PARAMETERS);
        return set > longest ? set : longest + 1;
    }

    /// @notice Longest time in which something can be open under the parameters of today.
    function longestOpen() external view returns (uint256) {
        return _longest(PARAMETERS);
    }

    function _longest(IProtocolParameters source) private view returns (uint256) {
        Parameters memory p = source.parameters();
        return uint256(p.claimTimeout) + p.challengeWindow + PANELS * (WINDOWS * p.demandWindow + DRAW);
    }

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
